"""A pytest plugin: run fewer examples of each state machine, and do not shrink failures."""

from typing import Final

import pytest
from hypothesis import Phase, settings

EXAMPLES: Final = 20


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    for machine in {each.cls for each in items if hasattr(each.cls, "settings")}:
        machine.settings = settings(
            machine.settings, max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate]
        )
