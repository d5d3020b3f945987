"""Folders of running stacks, inside the project.

A killed process cannot remove its folder. The next one does, and the system's temporary directory
stays clean.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from local.kit.paths import ROOT

RUNS = ROOT / ".local/run"
OWNER = "owner"  # a file in each folder, locked by the process that uses it


@contextmanager
def run_folder() -> Iterator[Path]:
    """Create a folder, and remove it at the end of the block."""
    RUNS.mkdir(parents=True, exist_ok=True)
    with (RUNS / "lock").open("w") as creating:
        fcntl.flock(creating, fcntl.LOCK_EX)
        remove_abandoned_folders()
        folder = Path(mkdtemp(dir=RUNS))
        owner = (folder / OWNER).open("w")
        fcntl.flock(owner, fcntl.LOCK_EX)
    try:
        with owner:
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned_folders() -> None:
    """Remove the folders whose owner has ended: the kernel has released its lock."""
    for folder in (each for each in RUNS.iterdir() if each.is_dir()):
        with (folder / OWNER).open("w") as owner:
            try:
                fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
        shutil.rmtree(folder, ignore_errors=True)
