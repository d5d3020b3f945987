"""Lint and type checks, which run beside tests that wait. `make check` runs them first."""

import os
import subprocess

from local.kit.paths import ROOT


def test_lint_and_type_checks_report_nothing() -> None:
    of_this_make = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    environment = {name: value for name, value in os.environ.items() if name not in of_this_make}

    done = subprocess.run(
        ["make", "--silent", "lint"],
        cwd=ROOT, env=environment, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
