"""Measure the layers' sizes and the duration of `make up`."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from bench.report import Row, Section
from bench.setting import Setting
from local.cloud.build import LAYER_BUDGETS, LOCAL, build, create_aws_target
from local.kit.errors import LocalStackError
from local.kit.paths import ROOT
from local.kit.progress import step

UP_BUDGET_S: Final = 10
STACK_FILE: Final = ".local/bench-stack.json"
NOTES: Final = """\
`make up` is wall clock time, so that other work on this machine affects it.
"""
MAKE_VARIABLES: Final = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")


def run(setting: Setting) -> Section:
    build(LOCAL)  # the sources may have changed since the first section
    rows = [
        Row(
            name=f"{layer}, unzipped, {target.architecture}",
            value=measure_size(target.folder / layer) / 1e6,
            unit="MB",
            budget=budget / 1e6,
        )
        for target in (LOCAL, create_aws_target("arm64"))
        for layer, budget in LAYER_BUDGETS.items()
        if (target.folder / layer).exists()
    ]
    with step("footprint: make up"):
        seconds = time_make_up()
    rows.append(Row(name="make up, already built", value=seconds, unit="s", budget=UP_BUDGET_S))
    return Section(title="Footprint", rows=rows, notes=NOTES)


def measure_size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def time_make_up() -> float:
    """Return the seconds from `make up` to its line `ready`."""
    env = {name: value for name, value in os.environ.items() if name not in MAKE_VARIABLES}
    start = time.monotonic()
    with subprocess.Popen(
        ["make", "up", "PORT=0"],  # noqa: S607 - found on PATH
        cwd=ROOT,
        env=env | {"STACK_FILE": STACK_FILE},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    ) as process:
        try:
            for line in process.stdout or ():
                if line.startswith("ready "):
                    return time.monotonic() - start
        finally:
            os.killpg(process.pid, signal.SIGINT)
    raise LocalStackError("`make up` ended before it was ready")
