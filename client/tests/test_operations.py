"""Methods made of flows look like methods."""

import inspect

import pytest

from sortie_client import AsyncSortie, Settings, Sortie


@pytest.mark.parametrize("api", ["messaging", "sessions", "missions", "docs", "webhooks"])
def test_both_clients_have_the_same_methods_with_the_same_parameters(api) -> None:
    with Sortie(Settings("https://x")) as blocking:
        awaiting = AsyncSortie(Settings("https://x"))
        mine, theirs = getattr(blocking, api), getattr(awaiting, api)
        names = {name for name in dir(mine) if not name.startswith("_")}

        assert names == {name for name in dir(theirs) if not name.startswith("_")}
        assert names
        for name in names:
            one, other = getattr(mine, name), getattr(theirs, name)
            assert inspect.signature(one) == inspect.signature(other)


def test_a_method_has_its_name_and_its_docstring() -> None:
    with Sortie(Settings("https://x")) as sortie:
        assert sortie.messaging.create_job.__name__ == "create_job"
        assert "Ask an agent" in (inspect.getdoc(sortie.messaging.create_job) or "")
