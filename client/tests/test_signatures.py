"""Methods made from flows look like ordinary methods."""

import inspect

import pytest

from sortie_client import AsyncSortie, Settings, Sortie


@pytest.mark.parametrize("api", ["messaging", "sessions", "missions", "docs", "webhooks", "admin"])
def test_both_clients_have_the_same_signatures(api) -> None:
    sync = getattr(Sortie(Settings("https://x")), api)
    async_ = getattr(AsyncSortie(Settings("https://x")), api)

    names = [name for name in dir(sync) if not name.startswith("_")]

    assert names == [name for name in dir(async_) if not name.startswith("_")]
    for name in names:
        assert inspect.signature(getattr(sync, name)) == inspect.signature(getattr(async_, name))


def test_method_keeps_its_name_and_docstring() -> None:
    method = Sortie(Settings("https://x")).messaging.create_job

    assert method.__name__ == "create_job"
    assert inspect.getdoc(method)
