"""What can go wrong. All of it is a `SortieError`."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, override


class SortieError(Exception):
    """Whatever this client raises."""


class NotConfiguredError(SortieError):
    """A call needs an address, a key or a package that is not there. Nothing was sent."""


class UnexpectedAnswerError(SortieError):
    """The server has answered with something that this client does not understand."""


class ConnectionFailedError(SortieError):
    """No answer came, or it broke off. Unless `sent`, the server never saw the request."""

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent


class JobFailedError(SortieError):
    """A job that was waited for has ended without success; `job` tells the rest."""

    def __init__(self, text: str, job: Any) -> None:
        super().__init__(text)
        self.job = job


class StillRunningError(SortieError):
    """A job that was waited for has not ended within the attempts allowed; it goes on."""

    def __init__(self, job: Any) -> None:
        super().__init__("The job has not ended yet; it goes on")
        self.job = job


class ApiError(SortieError):
    """The server has refused: `status` (HTTP), `code` (a word for programs), `text`.

    `retry_after`: the seconds after which it asks to be asked again, where it says so.
    """

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
    """400: the request is wrong; or, of a mission, comes too late."""


class AuthenticationError(ApiError):
    """401: no key or token, or a wrong one."""


class PaymentRequiredError(ApiError):
    """402: without a payment, or not with this one."""


class PermissionDeniedError(ApiError):
    """403: the key or token is not for this."""


class NotFoundError(ApiError):
    """404: there is nothing of this name, or it is somebody else's."""


class ConflictError(ApiError):
    """409: the job has ended, is being done, or the Idempotency-Key was used otherwise."""


class RateLimitedError(ApiError):
    """429: too often."""


class ServerError(ApiError):
    """5xx: not your fault; nothing was stored where it is a 503."""


_KINDS: Mapping[int, type[ApiError]] = {
    HTTPStatus.BAD_REQUEST: BadRequestError,
    HTTPStatus.UNAUTHORIZED: AuthenticationError,
    HTTPStatus.PAYMENT_REQUIRED: PaymentRequiredError,
    HTTPStatus.FORBIDDEN: PermissionDeniedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitedError,
}


def api_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """Read a refusal, in whichever of the APIs' words it comes."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    said = said if isinstance(said, dict) else {}
    oauth = said.get("error_description")
    text = said.get("message") or oauth or said.get("error") or f"HTTP status {status}"
    server = ServerError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ApiError
    return _KINDS.get(status, server)(
        status,
        "; ".join([str(text), *_details(said.get("details"))]),
        code=said.get("code") or (said.get("error") if oauth else None),
        retry_after=_seconds(headers.get("retry-after")),
    )


def _details(given: Any) -> list[str]:
    fields = given if isinstance(given, list) else []
    return [f"{it.get('field')}: {it.get('message')}" for it in fields if isinstance(it, dict)]


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdecimal() else None
