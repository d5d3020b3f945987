"""One cold start, run by Lambda's own interpreter. usage: child.py [--sdk | HANDLER [EVENT_FILE]]

Without arguments it is the bare runtime: what Lambda's bootstrap imports before any handler.
`--sdk` makes one client and nothing else: the floor below which no function gets with it.
The last line of its output says what was answered; its CPU time is the parent's to read.
"""

import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import awslambdaric.bootstrap  # type: ignore[import-not-found,import-untyped,unused-ignore] # noqa: F401

CONTEXT = SimpleNamespace(
    function_name="bench",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:000000000000:function:bench",
    aws_request_id="11111111-2222-3333-4444-555555555555",
    get_remaining_time_in_millis=lambda: 10_000,
)


def main(handler: str = "", event_file: str = "") -> str:
    if not handler:
        return "nothing"
    if handler == "--sdk":
        importlib.import_module("botocore.session").get_session().create_client("dynamodb")
        return "made a client"
    module, name = handler.rsplit(".", 1)
    function = getattr(importlib.import_module(module), name)
    if not event_file:
        return "imported only"
    answer: Any = function(json.loads(Path(event_file).read_text()), CONTEXT)
    status = answer.get("statusCode") if isinstance(answer, dict) else None
    return f"answered {status}" if status else "called"


if __name__ == "__main__":
    print(f"\n{main(*sys.argv[1:])}")
