"""Run one cold start in Lambda's runtime. usage: child.py [--sdk | HANDLER [EVENT_FILE]]

Without arguments: only the imports of Lambda's bootstrap, the bare runtime. `--sdk`: one AWS client
and nothing else, the lowest cost of any function with a client. The last line of the output has the
outcome, and the CPU ms of init and of the call. The parent reads the CPU time of the whole process.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
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


def main(handler: str = "", event_file: str = "") -> dict[str, Any]:
    function, init_ms = measure(lambda: load(handler))
    if not function:
        return {"outcome": "created a client" if handler else "nothing", "init": init_ms}
    if not event_file:
        return {"outcome": "imported only", "init": init_ms}
    event = json.loads(Path(event_file).read_text())
    answer, call_ms = measure(lambda: function(event, CONTEXT))
    status = answer.get("statusCode") if isinstance(answer, dict) else None
    outcome = f"answered {status}" if status else "called"
    return {"outcome": outcome, "init": init_ms, "first call": call_ms}


def load(handler: str) -> Any:
    if handler == "--sdk":
        importlib.import_module("botocore.session").get_session().create_client("dynamodb")
        return None
    if not handler:
        return None
    module, name = handler.rsplit(".", 1)
    return getattr(importlib.import_module(module), name)


def measure(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return the result and the CPU time in ms."""
    start = time.process_time()
    result = work()
    return result, (time.process_time() - start) * 1000


if __name__ == "__main__":
    print(f"\n{json.dumps(main(*sys.argv[1:]))}", flush=True)
    os._exit(0)  # Lambda's processes are not torn down either
