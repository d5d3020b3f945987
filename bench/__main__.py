"""Measure costs and compare them with their budgets.

usage: python -m bench [section …] [--quick] [--json FILE]

No figure fails the run: one over its budget is only marked.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench import (
    calls,
    cold,
    footprint,
    job,
    limits,
    mission,
    payments,
    peers,
    scale,
    sessions,
    streams,
    telemetry,
    thousand,
    warm,
    webhooks,
    workers,
)
from bench.neighbours import run as neighbours
from bench.report import Section, format_table
from bench.serve import run as serve
from bench.setting import Setting
from local.kit.errors import LocalStackError
from local.kit.paths import ROOT

SECTIONS: Final[Mapping[str, Callable[[Setting], Section]]] = {
    "cold": cold.run,
    "warm": warm.run,
    "calls": calls.run,
    "telemetry": telemetry.run,
    "job": job.run,
    "mission": mission.run,
    "scale": scale.run,
    "limits": limits.run,
    "streams": streams.run,
    "footprint": footprint.run,
    "payments": payments.run,
    "sessions": sessions.run,
    "webhooks": webhooks.run,
    "workers": workers.run,
    "peers": peers.run,
    "neighbours": neighbours.run,
    "serve": serve.run,
}
ON_REQUEST: Final = {"peers", "neighbours", "serve"}
"""Sections that run only by name."""


def main() -> int:
    options = parse_arguments()
    wanted = options.sections or [name for name in SECTIONS if name not in ON_REQUEST]
    names = [name for name in SECTIONS if name in wanted]
    measured: dict[str, Section] = {}
    try:
        with Setting(quick=options.quick) as setting:
            for name in names:
                measured[name] = SECTIONS[name](setting)
    except LocalStackError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    finally:  # a failing section does not lose the figures of the others
        if costs := thousand.build_section(measured.values()):
            measured["thousand"] = costs
        print(f"\n{format_table(list(measured.values()))}\n")
        write(options.json, measured)
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench", description="Measure costs and compare them with their budgets."
    )
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="fewer runs, at most 10,000 jobs")
    parser.add_argument("--json", type=Path, default=ROOT / ".local/bench.json", metavar="FILE")
    options = parser.parse_args()
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"unknown sections: {', '.join(sorted(unknown))}")
    return options


def write(file: Path, measured: Mapping[str, Section]) -> None:
    content = {
        "measuredAt": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(),
        "sections": {name: section.to_json() for name, section in measured.items()},
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    print(f"{describe_machine()}; all figures in {file}")


def describe_machine() -> str:
    return f"{os.cpu_count()} {platform.machine()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
