"""Check that an answer can be stored."""

from typing import Any, Final

from jobs.kit import strict_json
from jobs.kit.errors import UpstreamError
from jobs.messaging.ports import Answer

MOST_ANSWER_BYTES: Final = 300 * 1024


def checked(content: Any, metadata: Any = None) -> Answer:
    """Return an answer that can be stored, or raise `UpstreamError`."""
    if not isinstance(content, str) or not content:
        raise UpstreamError("The agent's answer could not be understood")
    known = metadata if isinstance(metadata, dict) else None
    try:
        spelled = strict_json.dumps(content)[1:-1] + (strict_json.dumps(known) if known else "")
        size = len(spelled.encode())
    except ValueError as error:  # half a character
        raise UpstreamError("The agent's answer could not be understood") from error
    if size > MOST_ANSWER_BYTES:
        raise UpstreamError("The agent's answer is larger than 300 KB")
    return Answer(content, known)
