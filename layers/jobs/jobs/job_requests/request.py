"""Parse `Job Requested` events and map errors to refusals (contract: events.md)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jobs.core.errors import IdempotencyConflictError
from jobs.core.ids import is_tenant
from jobs.core.rate_limit import RateLimitedError
from jobs.kit import strict_json
from jobs.kit.errors import RefusedError
from jobs.kit.http import BadRequestError, parse_idempotency_key

type Refusals = Mapping[type[Exception], tuple[str, str]]
"""The code and reason of each error. An empty reason means the error's own message."""

_REFUSALS: Final[Refusals] = {
    BadRequestError: ("INVALID_REQUEST", ""),
    RefusedError: ("INVALID_REQUEST", "The request cannot be stored"),
    IdempotencyConflictError: (
        "IDEMPOTENCY_CONFLICT", "idempotencyKey was used with a different request"
    ),
    RateLimitedError: ("TOO_MANY_REQUESTS", "Too many requests, try again later"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEvent:
    """An event that requests a job. `detail` is not validated.

    `id` is the event's id, or the message's id if the message has no envelope.
    """

    id: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A validated request for a job. Each kind validates its own `request`.

    `key` is the idempotency key.
    """

    kind: str
    tenant: str
    request: Mapping[str, Any]
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why no job was created. `details` maps each invalid field to its error."""

    code: str
    reason: str
    details: Mapping[str, str] = field(default_factory=dict)


def parse_message(text: str, message_id: str) -> RequestEvent:
    """Parse a message: an EventBridge event, or the detail of one without its envelope."""
    try:
        body = strict_json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return RequestEvent(id=message_id, detail={})
    event_id, detail = body.get("id"), body.get("detail", body)
    return RequestEvent(
        id=event_id if isinstance(event_id, str) and event_id else message_id,
        detail=detail if isinstance(detail, dict) else {},
    )


def parse_request(event: RequestEvent, kinds: Collection[str]) -> JobRequest:
    """Validate an event's detail. The idempotency key defaults to the event's id.

    Raises `BadRequestError`.
    """
    match event.detail:
        case {"dialect": str(dialect), "tenant": str(tenant), "request": dict(request)}:
            key = event.detail.get("idempotencyKey", event.id)
        case _:
            raise BadRequestError("detail must have dialect, tenant and request")
    if not is_tenant(tenant):
        raise BadRequestError("tenant must be the name of a tenant")
    if not isinstance(key, str):
        raise BadRequestError("idempotencyKey must be a string")
    try:
        parse_idempotency_key(key)
    except BadRequestError as error:
        raise BadRequestError("idempotencyKey must be 1 to 255 printable characters") from error
    if dialect not in kinds:
        raise BadRequestError(f"dialect must be one of {', '.join(kinds)}")
    return JobRequest(kind=dialect, tenant=tenant, request=request, key=key)


def to_refusal(error: Exception, refusals: Refusals) -> Refusal | None:
    """Map an error to a refusal. Return None if a retry may succeed.

    `refusals` are those of the job's kind.
    """
    known = {**_REFUSALS, **refusals}
    cause = next((c for c in type(error).__mro__ if c in known), None)
    if cause is None:
        return None
    code, text = known[cause]
    details = error.details if isinstance(error, BadRequestError) else {}
    return Refusal(code=code, reason=text or str(error), details=details)
