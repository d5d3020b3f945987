"""The missions API (contract: missions.md): error responses."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from jobs.core.errors import (
    BadCursorError,
    IdempotencyConflictError,
    JobEndedError,
    JobNotFoundError,
    JobStartedError,
    StaleJobError,
)
from jobs.core.rate_headers import refusal_headers
from jobs.core.rate_limit import RateLimitedError
from jobs.kit.clock import Millis
from jobs.kit.error_table import find_row
from jobs.kit.errors import UnavailableError
from jobs.kit.http import BadRequestError, Request, Response, TooLargeError
from jobs.kit.iso_time import iso
from jobs.missions.api.access import (
    VERSION,
    ForbiddenError,
    InvalidTokenError,
    UnsupportedVersionError,
)
from jobs.missions.errors import (
    DeviceGroupNotFoundError,
    DeviceNotFoundError,
    DeviceOfflineError,
    MissionDueError,
    PlanNotFoundError,
    PlanTooLargeError,
)

if TYPE_CHECKING:
    from jobs.missions.api.types import Error

HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After"
    ),
    "Cache-Control": "no-store",
}


class ErrorRow(NamedTuple):
    """An error response; an empty `message` stands for the error's own text."""

    status: HTTPStatus
    error: str
    code: str
    message: str


type ErrorTable = Mapping[type[Exception], ErrorRow]


def _not_waiting(row: ErrorRow) -> ErrorTable:
    return {JobStartedError: row, JobEndedError: row}


_CANNOT_UPDATE: Final = (HTTPStatus.BAD_REQUEST, "Cannot update job", "CANNOT_UPDATE_JOB")
CANNOT_UPDATE: Final[ErrorTable] = {
    **_not_waiting(ErrorRow(*_CANNOT_UPDATE, "Only a PENDING or QUEUED job can be updated")),
    MissionDueError: ErrorRow(
        *_CANNOT_UPDATE, "scheduledAt of a QUEUED job cannot be changed: the job is due"
    ),
}
CANNOT_CANCEL: Final = _not_waiting(ErrorRow(
    HTTPStatus.BAD_REQUEST, "Cannot cancel job", "CANNOT_CANCEL_JOB",
    "Only a PENDING or QUEUED job can be cancelled",
))  # fmt: skip
CANNOT_DELETE: Final = _not_waiting(ErrorRow(
    HTTPStatus.CONFLICT, "Cannot delete job", "CANNOT_DELETE_JOB",
    "A job cannot be deleted while it is IN_PROGRESS",
))  # fmt: skip
_BAD_REQUEST: Final = (HTTPStatus.BAD_REQUEST, "invalid_request", "INVALID_REQUEST")
_NO_EXTRA_ERRORS: Final[ErrorTable] = {}
_ERRORS: Final[ErrorTable] = {
    BadRequestError: ErrorRow(*_BAD_REQUEST, ""),
    BadCursorError: ErrorRow(*_BAD_REQUEST, "cursor is not valid"),
    InvalidTokenError: ErrorRow(
        HTTPStatus.UNAUTHORIZED, "Missing or invalid credentials", "INVALID_TOKEN",
        "The access token is not valid; get another one from POST /v3/auth/token",
    ),
    ForbiddenError: ErrorRow(
        HTTPStatus.FORBIDDEN, "Insufficient permissions", "INSUFFICIENT_PERMISSIONS", ""
    ),
    JobNotFoundError: ErrorRow(
        HTTPStatus.NOT_FOUND, "Job not found", "JOB_NOT_FOUND",
        "Your organisation has no job of this id",
    ),
    DeviceGroupNotFoundError: ErrorRow(
        HTTPStatus.NOT_FOUND, "Device group not found", "DEVICE_GROUP_NOT_FOUND",
        "Your organisation has no device group of this id",
    ),
    DeviceNotFoundError: ErrorRow(
        HTTPStatus.NOT_FOUND, "Device not found", "DEVICE_NOT_FOUND",
        "The device group has no device of this id",
    ),
    PlanNotFoundError: ErrorRow(
        HTTPStatus.NOT_FOUND, "Mission not found", "MISSION_NOT_FOUND",
        "Your organisation has no mission of this id",
    ),
    PlanTooLargeError: ErrorRow(
        *_BAD_REQUEST, "The mission has too many waypoints for a device; register a shorter one"
    ),
    IdempotencyConflictError: ErrorRow(
        HTTPStatus.CONFLICT, "Idempotency conflict", "IDEMPOTENCY_CONFLICT",
        "Idempotency-Key was used with a different request",
    ),
    StaleJobError: ErrorRow(
        HTTPStatus.CONFLICT, "Job is changing", "JOB_CHANGED", "Job is changing, try again"
    ),
    TooLargeError: ErrorRow(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request body is too large", "REQUEST_TOO_LARGE",
        "A request body may have up to 1 MiB",
    ),
    UnsupportedVersionError: ErrorRow(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Unsupported API version", "UNSUPPORTED_VERSION",
        f"This is version {VERSION} of the API",
    ),
    RateLimitedError: ErrorRow(
        HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", "RATE_LIMITED",
        "Too many requests, try again after the time in Retry-After",
    ),
    DeviceOfflineError: ErrorRow(
        HTTPStatus.SERVICE_UNAVAILABLE, "Device is offline", "DEVICE_OFFLINE",
        "The device is offline, and offlinePolicy is reject",
    ),
    UnavailableError: ErrorRow(
        HTTPStatus.SERVICE_UNAVAILABLE, "Service is busy", "UNAVAILABLE",
        "Service is busy, try again",
    ),
    Exception: ErrorRow(
        HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error", "INTERNAL_ERROR",
        "Something went wrong here; requestId finds it in our logs",
    ),
}  # fmt: skip


def error_response(
    error: Exception, request: Request, *, now: Millis, extra_errors: ErrorTable = _NO_EXTRA_ERRORS
) -> Response[Error]:
    """Return the response to an error; `extra_errors` take precedence."""
    known = {**_ERRORS, **extra_errors}
    row = find_row(known, error)
    body: Error = {
        "success": False,
        "error": row.error,
        "message": row.message or str(error),
        "code": row.code,
        "requestId": request.id,
        "timestamp": iso(now),
    }
    match error:
        case BadRequestError(details=details) if details:
            body["details"] = [{"field": k, "message": v} for k, v in details.items()]
        case UnsupportedVersionError():
            body["supportedVersions"] = [f"v{VERSION}"]
    return Response(row.status, body, _headers(error, now))


def _headers(error: Exception, now: Millis) -> dict[str, str]:
    match error:
        case RateLimitedError():
            return refusal_headers(error, now)
        case UnavailableError():
            return {"Retry-After": "1"}
        case _:
            return {}
