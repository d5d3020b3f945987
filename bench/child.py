"""Run one cold start in Lambda's runtime. usage: child.py [--sdk | HANDLER [EVENT_FILE]]

Without arguments: only the imports of Lambda's bootstrap, the bare runtime. `--sdk`: one AWS client
and nothing else, the lowest cost of any function with a client. The last line of the output
describes the answer; the parent reads the CPU time.
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
        return "created a client"
    module, name = handler.rsplit(".", 1)
    function = getattr(importlib.import_module(module), name)
    if not event_file:
        return "imported only"
    answer: Any = function(json.loads(Path(event_file).read_text()), CONTEXT)
    status = answer.get("statusCode") if isinstance(answer, dict) else None
    return f"answered {status}" if status else "called"


if __name__ == "__main__":
    print(f"\n{main(*sys.argv[1:])}")
