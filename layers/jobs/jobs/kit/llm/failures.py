"""What an endpoint's error means. One status has many meanings, which the body tells apart."""

import re
from http import HTTPStatus
from typing import Final, NamedTuple

from jobs.kit.errors import FailureClass, UpstreamError
from jobs.kit.outbound.sse import UNAVAILABLE, PeerError, TransientError
from jobs.kit.outbound.statuses import is_transient
from jobs.kit.peer_message import peer_message

FAILED: Final = "The agent's model has failed"
REFUSED: Final = "The agent's model refused the request"
LIMITED: Final = "The agent's provider limits our requests; try again later"


CUT_OFF_AT_LIMIT: Final = "cut off at the model's limit"


class _Meaning(NamedTuple):
    reason: str
    failure_class: FailureClass


FILTERED: Final = _Meaning(
    "The agent's answer was blocked by the provider's filter", FailureClass.REFUSED
)
BLOCKED: Final = _Meaning("The request was blocked by the provider's filter", FailureClass.REFUSED)
TOO_LONG: Final = _Meaning("The conversation is too long for the agent's model", FailureClass.QUOTA)
NO_QUOTA: Final = _Meaning("Our quota at the agent's provider is used up", FailureClass.QUOTA)
NO_CREDENTIALS: Final = _Meaning(
    "The agent's provider refused our credentials", FailureClass.CREDENTIALS
)
NO_MODEL: Final = _Meaning(
    "The agent's model or its endpoint does not exist", FailureClass.NOT_FOUND
)
_MOVED: Final = _Meaning(
    "The agent's provider has moved to another address", FailureClass.NOT_FOUND
)
_OUT_OF_MONEY: Final = (
    r"insufficient_quota|insufficient (balance|credit|fund)|billing_(hard_limit|not_active)"
    r"|out of credits?|no credits?|credit balance"
)
_BY_WORDS: Final = (
    (
        re.compile(
            r"content_filter|content management policy|ResponsibleAIPolicy|content_policy"
            r"|moderation|flagged",
            re.IGNORECASE,
        ),
        BLOCKED,
    ),
    (
        re.compile(
            r"context_length|context (length|window|size)|maximum (context|number of tokens)"
            r"|(prompt|input|request) is too (long|large)|too many (input )?tokens",
            re.IGNORECASE,
        ),
        TOO_LONG,
    ),
    (re.compile(_OUT_OF_MONEY, re.IGNORECASE), NO_QUOTA),
    (
        re.compile(
            r"invalid_api_key|API_KEY_INVALID|api.key.{0,20}(not valid|invalid)"
            r"|(invalid|incorrect).{0,20}api.key|authentication_error",
            re.IGNORECASE,
        ),
        NO_CREDENTIALS,
    ),
    (
        re.compile(
            r"model_not_found|(invalid|unknown|no such) model\b|model identifier is invalid"
            r"|model\b.{0,80}(not found|does not exist|not exist)",
            re.IGNORECASE,
        ),
        NO_MODEL,
    ),
)
_RATE_LIMIT: Final = re.compile("rate.?limit", re.IGNORECASE)
_RETRY_DELAY: Final = re.compile(r'"retryDelay":\s*"(\d{1,6}(?:\.\d+)?)s"')
"""Gemini's header `Retry-After` is in its body."""
_BY_STATUS: Final[dict[int, _Meaning]] = {
    401: NO_CREDENTIALS, 402: NO_QUOTA, 403: NO_CREDENTIALS, 404: NO_MODEL, 410: NO_MODEL,
    413: TOO_LONG, **dict.fromkeys(range(300, 400), _MOVED),
}  # fmt: skip
_CONFLICT: Final = 409
"""Some endpoints say so while another request is running."""


def to_failure(error: PeerError, key: str | None = None) -> UpstreamError:
    """Return what callers and operators are told of an error; `TransientError` if it may pass."""
    message = peer_message(error.body, key).removeprefix(f"{error.status}: ")
    detail = f"HTTP {error.status}: {message}" if error.status else message
    if _is_rate_limit(error):
        delay = _RETRY_DELAY.search(error.body)
        after = error.after or (float(delay[1]) if delay else 0)
        return TransientError(LIMITED, FailureClass.QUOTA, after=after, detail=detail)
    known = next((each for words, each in _BY_WORDS if words.search(error.body)), None)
    meaning = known or _BY_STATUS.get(error.status)
    if meaning:
        return UpstreamError(meaning.reason, meaning.failure_class, detail=detail)
    if not error.status:
        return TransientError(FAILED, detail=detail)
    if error.status == _CONFLICT or is_transient(error.status):
        return TransientError(UNAVAILABLE, after=error.after, detail=detail)
    return UpstreamError(REFUSED, FailureClass.REFUSED, detail=detail)


def _is_rate_limit(error: PeerError) -> bool:
    """Return whether the peer limits requests, and not what they cost."""
    limited = error.status == HTTPStatus.TOO_MANY_REQUESTS or (
        not error.status and _RATE_LIMIT.search(error.body)
    )
    return bool(limited) and not re.search(_OUT_OF_MONEY, error.body, re.IGNORECASE)
