"""Folders of running stacks."""

import os
import signal
import subprocess
import sys

import pytest

from local.kit import run_folder as module
from local.kit.paths import ROOT
from local.kit.run_folder import run_folder

HOLD = """
import sys, time
from pathlib import Path
from local.kit import run_folder
run_folder.RUNS = Path(sys.argv[1])
with run_folder.run_folder() as folder:
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RUNS", tmp_path / "run")
    return tmp_path / "run"


def test_folder_of_a_killed_process_is_removed_by_the_next(runs) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, runs],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout
        name = holder.stdout.readline().strip().rpartition("/")[2]
        with run_folder():
            assert (runs / name).exists()
        holder.send_signal(signal.SIGKILL)
    assert (runs / name).exists()

    with run_folder() as folder:
        assert not (runs / name).exists()
        assert folder.exists()
    assert not folder.exists()
