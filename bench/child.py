"""Run one cold start in Lambda's runtime. usage: child.py [--sdk | HANDLER [EVENT_FILE]]

Without arguments: only the imports of Lambda's bootstrap, the bare runtime. `--sdk`: one client of
botocore and nothing else. The last line of the output has the outcome, the CPU ms of init and of
the call, the wall ms of both as they would be in Lambda, and the most MB of memory. The parent
reads the CPU time of the whole process.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import awslambdaric.bootstrap  # type: ignore[import-not-found,import-untyped,unused-ignore] # noqa: F401

CALL_CPU: Final = 512 / 1769
"""Of a function of 512 MB in a call; in init, a whole CPU is there.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""
CONTEXT = SimpleNamespace(
    function_name="bench",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:000000000000:function:bench",
    aws_request_id="11111111-2222-3333-4444-555555555555",
    get_remaining_time_in_millis=lambda: 10_000,
)


def main(handler: str = "", event_file: str = "") -> dict[str, Any]:
    function, init_ms, _ = measure(lambda: load(handler))
    figures: dict[str, Any] = {"init": init_ms}
    if not function:
        return figures | {"outcome": "created a client" if handler else "nothing"} | memory()
    if not event_file:
        return figures | {"outcome": "imported only"}
    event = json.loads(Path(event_file).read_text())
    answer, call_ms, call_wall_ms = measure(lambda: function(event, CONTEXT))
    figures["first call"] = call_ms
    figures["waiting"] = max(0.0, call_wall_ms - call_ms)
    figures["wall"] = init_ms + call_ms / CALL_CPU + figures["waiting"]
    status = answer.get("statusCode") if isinstance(answer, dict) else None
    return figures | {"outcome": f"answered {status}" if status else "called"} | memory()


def memory() -> dict[str, float]:
    """Return the most memory that this process has had, where the system tells it."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return {}
    return {"MB": int(status.partition("VmHWM:")[2].split()[0]) / 1000}


def load(handler: str) -> Any:
    if handler == "--sdk":
        importlib.import_module("botocore.session").get_session().create_client("dynamodb")
        return None
    if not handler:
        return None
    module, name = handler.rsplit(".", 1)
    return getattr(importlib.import_module(module), name)


def measure(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return the result, and the CPU and wall time in ms."""
    start, wall_start = time.process_time(), time.perf_counter()
    result = work()
    cpu, wall = time.process_time() - start, time.perf_counter() - wall_start
    return result, cpu * 1000, wall * 1000


if __name__ == "__main__":
    print(f"\n{json.dumps(main(*sys.argv[1:]))}", flush=True)
    os._exit(0)  # Lambda's processes are not torn down either
