"""Jobs that are asked for by an event (contract: events.md): what it says, why it is refused."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jobs.core.errors import IdempotencyConflictError
from jobs.core.ids import is_tenant
from jobs.core.rate_limit import RateLimitedError
from jobs.kit import strict_json
from jobs.kit.http import BadRequestError, checked_key

type Refusals = Mapping[type[Exception], tuple[str, str]]
"""Code and reason of each error; an empty reason stands for the error's own message."""

_REFUSALS: Final[Refusals] = {
    BadRequestError: ("INVALID_REQUEST", ""),
    IdempotencyConflictError: (
        "IDEMPOTENCY_CONFLICT", "idempotencyKey was used with a different request"
    ),
    RateLimitedError: ("TOO_MANY_REQUESTS", "Too many requests for this project"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """`id` is the event's, or the message's where it came without one; `detail` is unchecked."""

    id: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an event asks for, but for its dialect's own part. `key` makes it one job."""

    kind: str
    tenant: str
    request: Mapping[str, Any]
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why there is no job. `details` says of each field that is wrong what is wrong with it."""

    code: str
    reason: str
    details: Mapping[str, str] = field(default_factory=dict)


def read(text: str, message_id: str) -> JobRequest:
    """Read a message: an event with its envelope, or what would be in one."""
    try:
        found = strict_json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return JobRequest(id=message_id, detail={})
    event_id, detail = found.get("id"), found.get("detail", found)
    return JobRequest(
        id=event_id if isinstance(event_id, str) and event_id else message_id,
        detail=detail if isinstance(detail, dict) else {},
    )


def checked(asked: JobRequest, kinds: Collection[str]) -> Asked:
    """Raises `BadRequestError`. Without a key of its own, the event's id is its key."""
    match asked.detail:
        case {"dialect": str(dialect), "tenant": str(tenant), "request": dict(request)}:
            key = asked.detail.get("idempotencyKey", asked.id)
        case _:
            raise BadRequestError("detail must have dialect, tenant and request")
    if not is_tenant(tenant):
        raise BadRequestError("tenant must be the name of a tenant")
    if not isinstance(key, str):
        raise BadRequestError("idempotencyKey must be a string")
    try:
        checked_key(key)
    except BadRequestError as error:
        raise BadRequestError("idempotencyKey must be 1 to 255 printable characters") from error
    if dialect not in kinds:
        raise BadRequestError(f"dialect must be one of {', '.join(kinds)}")
    return Asked(kind=dialect, tenant=tenant, request=request, key=key)


def refusal(error: Exception, refusals: Refusals) -> Refusal | None:
    """Say why there is no job; None for an error that repeating may mend.

    `refusals` are those of the job's kind.
    """
    known = {**_REFUSALS, **refusals}
    cause = next((c for c in type(error).__mro__ if c in known), None)
    if cause is None:
        return None
    code, text = known[cause]
    details = error.details if isinstance(error, BadRequestError) else {}
    return Refusal(code=code, reason=text or str(error), details=details)
