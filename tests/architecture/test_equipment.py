"""The tests of unchanged equipment are left out, and only those."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.equipment import digests
from tests.equipment.conftest import pytest_ignore_collect
from tests.equipment.digests import ROOT, SOURCES, TESTS


@pytest.fixture
def repository(monkeypatch, tmp_path) -> Path:
    """Make a repository of two parts, recorded as tested."""
    for file in (
        "local/git/server.py",
        "local/chain/node.py",
        "tests/equipment/chain/test_node.py",
    ):
        tmp_path.joinpath(file).parent.mkdir(parents=True, exist_ok=True)
        tmp_path.joinpath(file).write_text("first")
    monkeypatch.setattr(digests, "ROOT", tmp_path)
    monkeypatch.setattr(digests, "TESTS", tmp_path / "tests/equipment")
    monkeypatch.setattr(digests, "RECORD", tmp_path / "digests.json")
    monkeypatch.setattr(digests, "SOURCES", {"git": ("local/git",), "chain": ("local/chain",)})
    digests.write_record({part: digests.compute_digest(part) for part in digests.SOURCES})
    return tmp_path


def test_recorded_parts_are_unchanged(repository) -> None:
    assert digests.find_changed_parts() == set()


@pytest.mark.parametrize(("file", "part"), [
    ("local/git/server.py", "git"),
    ("local/git/new.py", "git"),
    ("tests/equipment/chain/test_node.py", "chain"),
])  # fmt: skip
def test_change_of_a_source_or_a_test_changes_its_part(repository, file, part) -> None:
    (repository / file).write_text("second")

    assert digests.find_changed_parts() == {part}


def test_part_without_a_record_counts_as_changed(repository) -> None:
    digests.RECORD.unlink()

    assert digests.find_changed_parts() == {"git", "chain"}


def test_only_changed_parts_are_collected(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(digests, "RECORD", tmp_path / "digests.json")
    digests.write_record({part: digests.compute_digest(part) for part in SOURCES if part != "git"})
    config = SimpleNamespace(stash={})

    collected = {part for part in SOURCES if not pytest_ignore_collect(TESTS / part, config)}

    assert collected == {"git"}


def test_named_part_is_collected_in_any_case() -> None:
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/equipment/git"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert "tests/equipment/git/test_git_host.py::" in collected.stdout


@pytest.mark.parametrize("part", SOURCES)
def test_part_has_sources_and_tests(part) -> None:
    assert [source for source in SOURCES[part] if not (ROOT / source).exists()] == []
    assert [*(TESTS / part).glob("test_*.py")]
