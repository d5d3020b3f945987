"""Asking again: when, how often, after how long. Flows are played by hand here."""

import pytest

from sortie_client import (
    ConnectionFailedError,
    NotFoundError,
    RateLimitedError,
    Retries,
    ServerError,
)
from sortie_client._calls import call
from sortie_client._flow import Answer, Pause, Request

GET = Request(method="GET", path="/")
ONCE = Request(method="POST", path="/", repeatable=False)
LOST = ConnectionFailedError("lost", sent=True)
UNREACHED = ConnectionFailedError("unreachable", sent=False)
OK = Answer(200, {}, b"{}", "/")


def answer(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    return Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, body, "/")


def played(request, *outcomes, retries=None):
    """Return the pauses that were made, and what came in the end."""
    flow = call(request, retries or Retries())
    pauses, wanted = [], next(flow)
    for outcome in outcomes:
        assert wanted == request
        try:
            tell = flow.throw if isinstance(outcome, Exception) else flow.send
            wanted = tell(outcome)
            assert isinstance(wanted, Pause)
            pauses.append(wanted.seconds)
            wanted = flow.send(None)
        except StopIteration as end:
            return pauses, end.value
    raise AssertionError("it wants to go on")


@pytest.mark.parametrize("failure", [LOST, UNREACHED, *map(answer, (429, 500, 502, 503, 504))])
def test_what_may_pass_is_asked_again(failure) -> None:
    pauses, came = played(GET, failure, OK)

    assert (len(pauses), came) == (1, OK)


def test_pauses_double_up_to_the_longest_and_vary() -> None:
    retries = Retries(attempts=6, first=1, longest=4)

    pauses, _ = played(GET, LOST, LOST, LOST, LOST, LOST, OK, retries=retries)

    for pause, whole in zip(pauses, (1, 2, 4, 4, 4), strict=True):
        assert whole / 2 <= pause <= whole


def test_retry_after_is_waited_out() -> None:
    [pause], _ = played(GET, answer(429, retry_after="7"), OK)

    assert 7 <= pause <= 7.25


def test_retry_after_beyond_patience_is_raised_at_once() -> None:
    with pytest.raises(RateLimitedError) as raised:
        played(GET, answer(429, retry_after="3600"))

    assert raised.value.retry_after == 3600


def test_a_retry_after_that_is_no_number_is_as_good_as_none() -> None:
    [pause], _ = played(GET, answer(503, retry_after="Thu, 01 Jan 2026 12:00:00 GMT"), OK)

    assert pause <= 0.25


def test_the_last_failure_is_raised_when_attempts_are_used_up() -> None:
    with pytest.raises(ServerError):
        played(GET, LOST, answer(500), answer(500), retries=Retries(attempts=3))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415])
def test_what_will_not_pass_is_raised_at_once(status) -> None:
    with pytest.raises(Exception, match=str(status)):
        played(GET, answer(status))


def test_a_code_tells_more_than_a_status() -> None:
    pauses, _ = played(GET, answer(409, b'{"error": "x", "code": "JOB_CHANGED"}'), OK)

    assert len(pauses) == 1
    with pytest.raises(ServerError):
        played(GET, answer(503, b'{"error": "x", "code": "DEVICE_OFFLINE"}'))


@pytest.mark.parametrize("failure", [LOST, answer(500), answer(502), answer(504)])
def test_what_cannot_be_repeated_is_not_asked_again_once_it_may_be_done(failure) -> None:
    with pytest.raises((ConnectionFailedError, ServerError)):
        played(ONCE, failure)


@pytest.mark.parametrize("failure", [UNREACHED, answer(429), answer(503)])
def test_what_cannot_be_repeated_is_asked_again_if_nothing_was_done(failure) -> None:
    assert played(ONCE, failure, OK)[1] == OK


def test_a_refusal_in_between_ends_it() -> None:
    with pytest.raises(NotFoundError):
        played(GET, LOST, answer(404))
