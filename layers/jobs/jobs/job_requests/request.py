"""Jobs that are asked for by an event (contract: events.md): what it says, why it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jobs.core.errors import (
    AgentNotFoundError,
    DeviceGroupNotFoundError,
    DeviceNotFoundError,
    DeviceOfflineError,
    IdempotencyConflictError,
    NoAgentsError,
    PlanNotFoundError,
    ProjectNotFoundError,
)
from jobs.core.ids import is_tenant
from jobs.core.rate_limit import RateLimitedError
from jobs.kit import strict_json
from jobs.kit.http import BadRequestError, checked_key

_REFUSALS: Final[Mapping[type[Exception], tuple[str, str]]] = {
    BadRequestError: ("INVALID_REQUEST", ""),
    NoAgentsError: ("NO_AGENTS", "No agents available"),
    AgentNotFoundError: ("AGENT_NOT_FOUND", ""),
    ProjectNotFoundError: ("PROJECT_NOT_FOUND", "Project not found"),
    DeviceGroupNotFoundError: ("DEVICE_GROUP_NOT_FOUND", "Device group not found"),
    DeviceNotFoundError: ("DEVICE_NOT_FOUND", "Device not found in this device group"),
    PlanNotFoundError: ("MISSION_NOT_FOUND", "Mission not found"),
    DeviceOfflineError: ("DEVICE_OFFLINE", "Device is offline"),
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

    dialect: str
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


def checked(asked: JobRequest) -> Asked:
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
    return Asked(dialect=dialect, tenant=tenant, request=request, key=key)


def refusal(error: Exception) -> Refusal | None:
    """Word why there is no job; None if it may pass, or is nothing that was asked for wrongly."""
    known = next((c for c in type(error).__mro__ if c in _REFUSALS), None)
    if known is None:
        return None
    code, text = _REFUSALS[known]
    details = error.details if isinstance(error, BadRequestError) else {}
    return Refusal(code=code, reason=text or str(error), details=details)
