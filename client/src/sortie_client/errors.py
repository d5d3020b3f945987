"""The errors of this client. All are `SortieError`s."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, override


class SortieError(Exception):
    """Base class of all errors that this client raises."""


class NotConfiguredError(SortieError):
    """An address, key or package that the call needs is missing. Nothing was sent."""


class InvalidIdError(SortieError):
    """No resource can have this id. Nothing was sent."""


class UnexpectedResponseError(SortieError):
    """The client does not understand the server's response."""


class ConnectionFailedError(SortieError):
    """No complete response arrived. Unless `sent`, the request never reached the server."""

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent


class JobFailedError(SortieError):
    """The job has ended without success; see `job`."""

    def __init__(self, text: str, job: Any) -> None:
        super().__init__(text)
        self.job = job


class StillRunningError(SortieError):
    """The job has not ended within the allowed number of polls; it continues."""

    def __init__(self, job: Any) -> None:
        super().__init__("The job has not ended yet and continues. Poll it again")
        self.job = job


class ApiError(SortieError):
    """An error response: HTTP `status`, machine-readable `code`, human-readable `text`.

    `retry_after`: seconds to wait before a retry, if the server names them. `url`: of the request.
    `error_class`: what kind of failure of a service behind it, if there was one.
    """

    url: str | None = None
    error_class: str | None = None

    def __init__(
        self, status: int, text: str, *, code: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.code = code
        self.retry_after = retry_after

    @override
    def __str__(self) -> str:
        return f"{self.text} ({' '.join(map(str, filter(None, (self.status, self.code))))})"


class BadRequestError(ApiError):
    """400: the request is invalid, or the mission has already started."""


class AuthenticationError(ApiError):
    """401: the key or token is missing or wrong."""


class PaymentRequiredError(ApiError):
    """402: the request needs a payment, or the server refused its payment."""


class PermissionDeniedError(ApiError):
    """403: the key or token does not allow this."""


class NotFoundError(ApiError):
    """404: the resource does not exist, or belongs to somebody else."""


class ConflictError(ApiError):
    """409: the job's status forbids this, or another request used the Idempotency-Key."""


class RateLimitedError(ApiError):
    """429: the rate limit is exceeded."""


class ServerError(ApiError):
    """5xx: the server failed. A 503 has stored nothing."""


_NUMBER: Final = re.compile(r"\s*(\d{1,9}(?:\.\d+)?)\s*(?:,.*)?", re.ASCII)
"""A proxy may have joined two headers; some servers send fractions."""
_CLASSES: Mapping[int, type[ApiError]] = {
    HTTPStatus.BAD_REQUEST: BadRequestError,
    HTTPStatus.UNAUTHORIZED: AuthenticationError,
    HTTPStatus.PAYMENT_REQUIRED: PaymentRequiredError,
    HTTPStatus.FORBIDDEN: PermissionDeniedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitedError,
}


def api_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """Parse an error response of any API, OAuth's token errors included."""
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    content = content if isinstance(content, dict) else {}
    oauth = content.get("error_description")
    text = content.get("message") or oauth or content.get("error") or f"HTTP status {status}"
    other = ServerError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ApiError
    error = _CLASSES.get(status, other)(
        status,
        "; ".join([str(text), *_details(content.get("details"))]),
        code=content.get("code") or (content.get("error") if oauth else None),
        retry_after=_seconds(headers.get("retry-after")),
    )
    error.error_class = content.get("errorClass")
    return error


def _details(content: Any) -> list[str]:
    fields = content if isinstance(content, list) else []
    return [f"{it.get('field')}: {it.get('message')}" for it in fields if isinstance(it, dict)]


def _seconds(text: str | None) -> float | None:
    """Return the seconds of a Retry-After header: a number, or a date (RFC 9110, 10.2.3)."""
    if text and (number := _NUMBER.fullmatch(text)):
        return float(number[1])
    try:
        until = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:  # a date of C's asctime has no zone, and means GMT
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
