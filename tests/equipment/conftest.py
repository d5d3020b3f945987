"""Leave out the tests of parts that are unchanged since their tests were recorded as passed."""

from pathlib import Path

import pytest

from tests.equipment.digests import SOURCES, TESTS, find_changed_parts

CHANGED = pytest.StashKey[set[str]]()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Pytest asks only for folders that it finds by itself: a part named to it always runs."""
    if collection_path.parent != TESTS or collection_path.name not in SOURCES:
        return None
    if CHANGED not in config.stash:
        config.stash[CHANGED] = find_changed_parts()
    return None if collection_path.name in config.stash[CHANGED] else True
