"""One line of a function's log, for people."""

import json
import re
from typing import Any

PLATFORM = re.compile(r"(START|END|REPORT|INIT_START|XRAY) ")
COLOURS = {"DEBUG": 2, "WARNING": 33, "ERROR": 31, "CRITICAL": 31}
NAME_WIDTH = 24
SHOWN = ("status", "code", "outcome", "job_status", "job_id")


def readable(function: str, message: str, *, coloured: bool) -> str | None:
    """None for what the platform says around each invocation, and for metrics."""
    if not message or PLATFORM.match(message):
        return None
    entry = parsed(message)
    if "_aws" in entry:
        return None
    level = str(entry.get("level", ""))
    text = str(entry.get("message", message))
    text += "".join(f"  {name}={entry[name]}" for name in SHOWN if name in entry)
    if entry.get("exception"):
        text += f"\n{entry['exception']}"
    line = f"{function:<{NAME_WIDTH}} {level:<8} {text}"
    if coloured and level in COLOURS:
        return f"\x1b[{COLOURS[level]}m{line}\x1b[0m"
    return line


def parsed(message: str) -> dict[str, Any]:
    try:
        entry = json.loads(message)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
