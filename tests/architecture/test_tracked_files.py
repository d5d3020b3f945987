"""Tracked files are valid on every machine."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Spelled in parts, so that this file does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w$}])/(?:" + "root|home/[a-z]+|Users/[A-Za-z]+" + r")/[\w.]")
REGISTRY = re.compile("pypi" + r"\.org|" + "python" + r"hosted|registry\.npm" + "js|devp" + "i")
LOCK = re.compile(r"requirements[^/]*\.txt|requirements/[^/]*\.txt|package-lock\.json|.*\.lock")


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    found = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    if found.returncode:
        pytest.skip("this is no git repository")
    return [ROOT / name for name in found.stdout.split("\0") if name and (ROOT / name).is_file()]


def matches(files: list[Path], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}"
        for file in files
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_tracked_file_names_no_path_of_a_machine(tracked) -> None:
    assert matches(tracked, MACHINE_PATH) == []


def test_tracked_file_names_no_package_registry(tracked) -> None:
    assert matches(tracked, REGISTRY) == []


def test_lock_file_names_no_host(tracked) -> None:
    locks = [file for file in tracked if LOCK.search(file.relative_to(ROOT).as_posix())]

    assert locks
    assert matches(locks, re.compile("https?" + "://")) == []
