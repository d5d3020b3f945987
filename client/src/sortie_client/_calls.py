"""Requests that do not give up at once: retries, and payments."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from sortie_client._flow import Answer, Flow, Offer, Pause, Pay, Request
from sortie_client.errors import (
    ApiError,
    ConnectionFailedError,
    PaymentRequiredError,
    SortieError,
    api_error,
)

_NOTHING_DONE: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_PASSING: Final = _NOTHING_DONE | {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_LASTING_CODES: Final = frozenset({"DEVICE_OFFLINE"})
_PASSING_CODES: Final = frozenset({"JOB_CHANGED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often to ask, and how long to wait in between (seconds).

    Pauses double from `first` up to `longest`, each shortened by up to half at random, so that
    clients which failed together do not come back together. A `Retry-After` is waited out, unless
    it is longer than `patience`: then the refusal is raised.
    """

    attempts: int = 5
    first: float = 0.25
    longest: float = 10.0
    patience: float = 60.0

    def pause(self, failures: int, at_least: float = 0.0) -> float:
        doubled = min(self.longest, self.first * 2.0 ** (failures - 1))
        return at_least + doubled * random.uniform(0.5, 1)  # noqa: S311 - no secret


class Reconnecting:
    """Counts how often in a row a connection broke off before it had brought anything."""

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self._failures = 0

    def got_something(self) -> None:
        self._failures = 0

    def pause(self, why: ConnectionFailedError | None) -> Pause:
        """Return what to do before trying again; raises when that has been tried often enough."""
        self._failures += 1
        if self._failures >= self._retries.attempts:
            raise why or ConnectionFailedError("The server closes the connection", sent=True)
        return Pause(self._retries.pause(self._failures))


def call(request: Request, retries: Retries) -> Flow[Answer]:
    """Ask until there is an answer, paying once if need be.

    Raises `ApiError` for what is refused, `ConnectionFailedError` where no answer came.
    """
    failures, paid = 0, False
    while True:
        error: SortieError
        try:
            answer: Answer = yield request
            if answer.is_success:
                return answer
            error = api_error(answer.status, answer.headers, answer.body)
            if isinstance(error, PaymentRequiredError) and not paid:
                payment = yield Pay(Offer(answer.url, answer.headers, answer.body))
                if payment:
                    request, paid = _with_headers(request, payment), True
                    continue
        except ConnectionFailedError as failure:
            error = failure
        failures += 1
        after = (error.retry_after if isinstance(error, ApiError) else None) or 0.0
        if failures >= retries.attempts or after > retries.patience or not _passes(error, request):
            raise error
        yield Pause(retries.pause(failures, at_least=after))


def new_key(given: str | None) -> Mapping[str, str]:
    """Name a request, so that it can be repeated: whoever gets it twice does it once."""
    return {"Idempotency-Key": given or str(uuid4())}


def _with_headers(request: Request, headers: Mapping[str, str]) -> Request:
    return replace(request, headers={**request.headers, **headers})


def _passes(error: SortieError, request: Request) -> bool:
    """Whether asking again may help, and can do no harm."""
    match error:
        case ConnectionFailedError(sent=sent):
            return request.repeatable or not sent
        case ApiError(code=code) if code in _LASTING_CODES | _PASSING_CODES:
            return code in _PASSING_CODES
        case ApiError(status=status):
            return status in (_PASSING if request.repeatable else _NOTHING_DONE)
    return False
