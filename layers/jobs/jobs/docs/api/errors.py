"""The documentation agents' API (contract: docs-agents.md): error responses."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from jobs.core.errors import (
    IdempotencyConflictError,
    JobEndedError,
    JobNotFoundError,
    StaleJobError,
)
from jobs.core.rate_headers import retry_after
from jobs.core.rate_limit import RateLimitedError
from jobs.docs.api.access import ScopeMissingError
from jobs.docs.errors import BranchRefusedError, ProjectNotFoundError
from jobs.kit.clock import Millis
from jobs.kit.error_table import find_row
from jobs.kit.errors import UnavailableError, UnknownCallerError
from jobs.kit.http import BadRequestError, Response, TooLargeError

if TYPE_CHECKING:
    from jobs.docs.api.types import Error

HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "X-Session-Id, X-Branch-Name, Retry-After",
    "Cache-Control": "no-store",
}
_ERRORS: Final[Mapping[type[Exception], tuple[HTTPStatus, str]]] = {
    BadRequestError: (HTTPStatus.BAD_REQUEST, ""),
    UnknownCallerError: (HTTPStatus.UNAUTHORIZED, "Missing or invalid credentials"),
    ScopeMissingError: (HTTPStatus.FORBIDDEN, ""),
    BranchRefusedError: (HTTPStatus.FORBIDDEN, ""),
    ProjectNotFoundError: (HTTPStatus.NOT_FOUND, "Project not found"),
    JobNotFoundError: (HTTPStatus.NOT_FOUND, "Job not found"),
    IdempotencyConflictError: (
        HTTPStatus.CONFLICT, "Idempotency-Key was used with a different request"
    ),
    JobEndedError: (HTTPStatus.CONFLICT, "Job has already ended"),
    StaleJobError: (HTTPStatus.CONFLICT, "Job is changing, try again"),
    TooLargeError: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request body is too large"),
    RateLimitedError: (HTTPStatus.TOO_MANY_REQUESTS, "Too many requests for this project"),
    UnavailableError: (HTTPStatus.SERVICE_UNAVAILABLE, "Service is busy, try again"),
    Exception: (HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error"),
}  # fmt: skip


def error_response(error: Exception, *, now: Millis) -> Response[Error]:
    """Return the response to an error. An empty text in the table stands for the error's own."""
    status, text = find_row(_ERRORS, error)
    return Response(status, {"error": text or str(error)}, _headers(error, now))


def _headers(error: Exception, now: Millis) -> dict[str, str]:
    match error:
        case RateLimitedError():
            return {"Retry-After": retry_after(error, now)}
        case UnavailableError():
            return {"Retry-After": "1"}
        case _:
            return {}
