"""What an agent says and does while it works, in words of no wire format.

Each event is a small mapping with its kind under `t`:

    {"t": "start", "id": message id}                     first of all
    {"t": "step-start", "id": message id}                a round of the model begins
    {"t": "text", "text": str}                           a piece of text
    {"t": "tool-call", "id", "name", "args": mapping}    the model uses a tool
    {"t": "tool-result", "id", "result": mapping}
    {"t": "tool-error", "id", "error": str}
    {"t": "data", "name": str, "data": mapping}          todos, branch, pull request…
    {"t": "error", "error": str}                         last but for finish: the job has failed
    {"t": "step-finish", "reason": str, "in": int, "out": int}
    {"t": "finish", "reason": str, "in": int, "out": int}   the last of all
    reason: stop | length | tool-calls | error | other; in, out: tokens
"""

from collections.abc import Mapping
from typing import Any

type OutputEvent = Mapping[str, Any]
