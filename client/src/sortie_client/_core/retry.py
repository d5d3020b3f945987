"""Retries, and the payment of a request."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from sortie_client._core.flow import Flow, Offer, Pay, Request, Response, Sleep
from sortie_client.errors import (
    ApiError,
    ConnectionFailedError,
    PaymentRequiredError,
    SortieError,
    api_error,
)

_SAFE_STATUSES: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""The server has changed nothing."""
_TRANSIENT_STATUSES: Final = _SAFE_STATUSES | {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_PERMANENT_CODES: Final = frozenset({"DEVICE_OFFLINE"})
_TRANSIENT_CODES: Final = frozenset({"JOB_CHANGED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often to send a request, and how long to wait between attempts, in seconds.

    The wait doubles from `initial_interval` up to `max_interval`. Random jitter shortens each wait
    by up to half, so that clients which failed together do not retry together. A `Retry-After`
    header adds to the wait; one above `max_retry_after` ends the retries.
    """

    max_attempts: int = 5
    initial_interval: float = 0.25
    max_interval: float = 10.0
    max_retry_after: float = 60.0

    def backoff(self, failures: int, retry_after: float = 0.0) -> float:
        """Return the seconds to wait after this number of failures."""
        doubled = min(self.max_interval, self.initial_interval * 2.0 ** (failures - 1))
        return retry_after + doubled * random.uniform(0.5, 1)  # noqa: S311 - not a secret


class Reconnection:
    """Counts consecutive connections that ended before they delivered anything."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._failures = 0

    def reset(self) -> None:
        """Record that the connection delivered something."""
        self._failures = 0

    def backoff(self, error: ConnectionFailedError | None) -> Sleep:
        """Return the wait before the next connection. Raises `error` after the last attempt."""
        self._failures += 1
        if self._failures >= self._policy.max_attempts:
            raise error or ConnectionFailedError("The server closed the connection", sent=True)
        return Sleep(self._policy.backoff(self._failures))


def send(request: Request, policy: RetryPolicy) -> Flow[Response]:
    """Send a request, retry transient failures, and pay at most once.

    Raises `ApiError` for an error response, `ConnectionFailedError` without a response.
    """
    failures, paid = 0, False
    while True:
        error: SortieError
        try:
            response: Response = yield request
            if response.is_success:
                return response
            error = api_error(response.status, response.headers, response.body)
            error.url = response.url
            if isinstance(error, PaymentRequiredError) and not paid:
                payment = yield Pay(Offer(response.url, response.headers, response.body))
                if payment:
                    request, paid = _with_headers(request, payment), True
                    continue
        except ConnectionFailedError as failure:
            error = failure
        failures += 1
        retry_after = (error.retry_after if isinstance(error, ApiError) else None) or 0.0
        exhausted = failures >= policy.max_attempts or retry_after > policy.max_retry_after
        if exhausted or not _is_retryable(error, request):
            raise error
        yield Sleep(policy.backoff(failures, retry_after))


def idempotency_header(key: str | None) -> Mapping[str, str]:
    """Return the header of the caller's key, or of a new one."""
    return {"Idempotency-Key": key or str(uuid4())}


def _with_headers(request: Request, headers: Mapping[str, str]) -> Request:
    return replace(request, headers={**request.headers, **headers})


def _is_retryable(error: SortieError, request: Request) -> bool:
    match error:
        case ConnectionFailedError(sent=sent):
            return request.idempotent or not sent
        case ApiError(code=code) if code in _PERMANENT_CODES | _TRANSIENT_CODES:
            return code in _TRANSIENT_CODES
        case ApiError(status=status):
            return status in (_TRANSIENT_STATUSES if request.idempotent else _SAFE_STATUSES)
    return False
