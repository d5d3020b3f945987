"""When requests are retried, how often and after how long. The tests perform the effects."""

import time
from email.utils import formatdate

import pytest

from sortie_client import (
    ConnectionFailedError,
    NotFoundError,
    RateLimitedError,
    RetryPolicy,
    ServerError,
)
from sortie_client._core.flow import Request, Response, Sleep
from sortie_client._core.retry import send

IDEMPOTENT = Request(method="GET", path="/")
NOT_IDEMPOTENT = Request(method="POST", path="/", idempotent=False)
LOST = ConnectionFailedError("lost", sent=True)
UNREACHED = ConnectionFailedError("unreachable", sent=False)
OK = Response(200, {}, b"{}", "/")


def response(status: int, body: bytes = b"{}", **headers: str) -> Response:
    return Response(status, {k.replace("_", "-"): v for k, v in headers.items()}, body, "/")


def perform(request, *outcomes, policy=None):
    """Return the waits between attempts, and the result."""
    flow = send(request, policy or RetryPolicy())
    waits, effect = [], next(flow)
    for outcome in outcomes:
        assert effect == request
        try:
            resume = flow.throw if isinstance(outcome, Exception) else flow.send
            effect = resume(outcome)
            assert isinstance(effect, Sleep)
            waits.append(effect.seconds)
            effect = flow.send(None)
        except StopIteration as end:
            return waits, end.value
    raise AssertionError("the flow continues")


@pytest.mark.parametrize("failure", [LOST, UNREACHED, *map(response, (429, 500, 502, 503, 504))])
def test_idempotent_request_transient_failure_is_retried(failure) -> None:
    waits, result = perform(IDEMPOTENT, failure, OK)

    assert (len(waits), result) == (1, OK)


def test_backoff_doubles_up_to_the_maximum_with_jitter() -> None:
    policy = RetryPolicy(max_attempts=6, initial_interval=1, max_interval=4)

    waits, _ = perform(IDEMPOTENT, LOST, LOST, LOST, LOST, LOST, OK, policy=policy)

    for wait, full in zip(waits, (1, 2, 4, 4, 4), strict=True):
        assert full / 2 <= wait <= full


def test_retry_after_header_adds_to_the_backoff() -> None:
    [wait], _ = perform(IDEMPOTENT, response(429, retry_after="7"), OK)

    assert 7 <= wait <= 7.25


def test_retry_after_above_the_maximum_ends_the_retries() -> None:
    with pytest.raises(RateLimitedError) as raised:
        perform(IDEMPOTENT, response(429, retry_after="3600"))

    assert raised.value.retry_after == 3600


def test_retry_after_date_adds_to_the_backoff() -> None:
    failure = response(503, retry_after=formatdate(time.time() + 7, usegmt=True))

    [wait], _ = perform(IDEMPOTENT, failure, OK)

    assert 5 <= wait <= 7.25


@pytest.mark.parametrize("text", [
    "Thu, 01 Jan 2015 12:00:00 GMT", "Thu Jan  1 12:00:00 2015", "soon", "-1", "", "9" * 400, "nan",
])  # fmt: skip
def test_retry_after_past_or_invalid_adds_nothing(text) -> None:
    [wait], _ = perform(IDEMPOTENT, response(503, retry_after=text), OK)

    assert wait <= 0.25


def test_last_failure_is_raised_after_the_last_attempt() -> None:
    policy = RetryPolicy(max_attempts=3)

    with pytest.raises(ServerError):
        perform(IDEMPOTENT, LOST, response(500), response(500), policy=policy)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415])
def test_permanent_error_is_not_retried(status) -> None:
    with pytest.raises(Exception, match=str(status)):
        perform(IDEMPOTENT, response(status))


def test_permanent_error_after_a_retry_is_raised() -> None:
    with pytest.raises(NotFoundError):
        perform(IDEMPOTENT, LOST, response(404))


def test_error_code_overrides_the_status() -> None:
    waits, _ = perform(IDEMPOTENT, response(409, b'{"error": "x", "code": "JOB_CHANGED"}'), OK)

    assert len(waits) == 1
    with pytest.raises(ServerError):
        perform(IDEMPOTENT, response(503, b'{"error": "x", "code": "DEVICE_OFFLINE"}'))


@pytest.mark.parametrize("failure", [LOST, response(500), response(502), response(504)])
def test_non_idempotent_request_unknown_outcome_is_not_retried(failure) -> None:
    with pytest.raises((ConnectionFailedError, ServerError)):
        perform(NOT_IDEMPOTENT, failure)


@pytest.mark.parametrize("failure", [UNREACHED, response(429), response(503)])
def test_non_idempotent_request_without_effect_is_retried(failure) -> None:
    assert perform(NOT_IDEMPOTENT, failure, OK)[1] == OK
