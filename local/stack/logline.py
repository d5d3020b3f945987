"""Format a function's log entry as one line for the terminal."""

import json
import re
from typing import Any

PLATFORM = re.compile(r"(START|END|REPORT|INIT_START|XRAY) ")
LEVEL_COLOURS = {"DEBUG": 2, "WARNING": 33, "ERROR": 31, "CRITICAL": 31}
NAME_WIDTH = 24
SHOWN_FIELDS = ("status", "code", "outcome", "job_status", "job_id")


def format_line(function: str, message: str, *, coloured: bool) -> str | None:
    """Return None for metrics, and for the platform's own lines around each invocation."""
    if not message or PLATFORM.match(message):
        return None
    entry = parse_entry(message)
    if "_aws" in entry:
        return None
    level = str(entry.get("level", ""))
    text = str(entry.get("message", message))
    text += "".join(f"  {name}={entry[name]}" for name in SHOWN_FIELDS if name in entry)
    if entry.get("exception"):
        text += f"\n{entry['exception']}"
    line = f"{function:<{NAME_WIDTH}} {level:<8} {text}"
    if coloured and level in LEVEL_COLOURS:
        return f"\x1b[{LEVEL_COLOURS[level]}m{line}\x1b[0m"
    return line


def parse_entry(message: str) -> dict[str, Any]:
    """Return {} for text that is not a JSON object."""
    try:
        entry = json.loads(message)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
