"""A model's tool calls: from its answer, and in the history, which endpoints check.

A bad call must not end the job: the model shall see its mistake.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from jobs.docs.ports import ToolCall
from jobs.kit.llm.tool_calls import CalledTool, parse_arguments

_MAX_RAW_LENGTH: Final = 4000


def to_call(called: CalledTool) -> ToolCall:
    """Return the call with its arguments parsed."""
    args, problem = parse_arguments(called.arguments)
    return ToolCall(
        id=called.id,
        name=called.name,
        args=args,
        raw=called.arguments if args is None else "",
        problem=problem,
        extra=called.extra,
    )


def sent_name(call: ToolCall) -> str:
    """Return the name of the called tool, with the characters and the length that APIs allow."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", call.name)[:64] or "unknown"


def sent_arguments(call: ToolCall) -> Mapping[str, Any]:
    """Return the arguments. Show the model its own text where that is no JSON object."""
    return {"invalid_json": call.raw[:_MAX_RAW_LENGTH]} if call.args is None else call.args
