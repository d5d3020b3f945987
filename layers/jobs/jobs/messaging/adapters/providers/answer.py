"""Validate an agent's answer."""

from typing import Any, Final

from jobs.kit import strict_json
from jobs.kit.errors import UpstreamError
from jobs.messaging.ports import Answer

MAX_ANSWER_BYTES: Final = 300 * 1024


def to_answer(content: Any, metadata: Any = None) -> Answer:
    """Return the answer. Raises `UpstreamError` for an empty, malformed or too large one."""
    if not isinstance(content, str) or not content:
        raise UpstreamError("The agent's answer is malformed")
    valid_metadata = metadata if isinstance(metadata, dict) else None
    try:
        text = strict_json.dumps(content)[1:-1]
        if valid_metadata:
            text += strict_json.dumps(valid_metadata)
        size = len(text.encode())
    except ValueError as error:  # a lone surrogate
        raise UpstreamError("The agent's answer is malformed") from error
    if size > MAX_ANSWER_BYTES:
        raise UpstreamError("The agent's answer is larger than 300 KB")
    return Answer(content, valid_metadata)
