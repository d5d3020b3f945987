"""Heartbeats and timeouts of an attempt at a message job."""

from threading import Event
from typing import Any

import pytest

from jobs.core.attempt import LEASE_MS, VISIBILITY_TIMEOUT_S
from jobs.core.status import JobStatus
from jobs.kit import heartbeat
from jobs.kit.errors import UnavailableError
from jobs.kit.heartbeat import run_with_heartbeat
from jobs.messaging import run_agent_job
from jobs.messaging.ports import Answer
from jobs.messaging.run_agent_job import AttemptOutcome
from tests.support import NOON
from tests.unit.support import raising


@pytest.fixture
def _quick_beats(monkeypatch) -> None:
    monkeypatch.setattr(run_agent_job, "HEARTBEAT_S", 0.001)


@pytest.mark.usefixtures("_quick_beats")
def test_run_with_slow_provider_renews_lease_and_hold(
    run, repository, delivery, clock, monkeypatch
) -> None:
    beaten = Event()
    leases: list[int] = []
    renew = repository.renew

    def renewed(job: Any, *, lease_until: int) -> None:
        renew(job, lease_until=lease_until)
        leases.append(lease_until)
        clock.advance(1000)
        if len(leases) == 3:
            beaten.set()

    monkeypatch.setattr(repository, "renew", renewed)

    assert run(lambda: (beaten.wait(), Answer("Fine"))[1]) is AttemptOutcome.ANSWERED

    assert leases[:3] == [NOON + LEASE_MS, NOON + LEASE_MS + 1000, NOON + LEASE_MS + 2000]
    assert delivery.held[:4] == [VISIBILITY_TIMEOUT_S] * 4


@pytest.mark.usefixtures("_quick_beats")
def test_run_with_failed_heartbeats_still_answers(run, repository, monkeypatch) -> None:
    beaten = Event()
    left = iter(range(3))

    def renewed(job: Any, *, lease_until: int) -> None:
        if next(left, None) is None:
            beaten.set()
        raise UnavailableError

    monkeypatch.setattr(repository, "renew", renewed)

    assert run(lambda: (beaten.wait(), Answer("Fine"))[1]) is AttemptOutcome.ANSWERED


@pytest.mark.usefixtures("_quick_beats")
def test_heartbeat_of_cancelled_job_ends_attempt(run, repository, pending, cancel) -> None:
    never = Event()

    def meanwhile() -> Any:
        cancel(pending.ref)
        never.wait()

    try:
        assert run(meanwhile) is AttemptOutcome.TOO_LATE
    finally:
        never.set()
    assert repository.get(pending.ref).status is JobStatus.CANCELLED


def test_run_with_hanging_provider_ends_at_deadline(run, repository, pending, clock) -> None:
    never = Event()
    clock.advance(29_990)

    try:
        assert run(lambda: never.wait()) is AttemptOutcome.UNANSWERED  # noqa: PLW0108 - it is a provider
    finally:
        never.set()
    assert repository.get(pending.ref).status is JobStatus.RUNNING


def test_attended_work_that_ends_at_timeout_returns_its_result(monkeypatch) -> None:
    monkeypatch.setattr(heartbeat, "wait", lambda answers, **_: answers[0].result())

    assert run_with_heartbeat(lambda: "done", beat=lambda: None, every_s=1, timeout_s=0) == "done"


def test_attended_work_that_raises_raises_its_own_error() -> None:
    for error in (TimeoutError("its own"), KeyError("x"), SystemExit(1)):
        with pytest.raises(type(error)) as raised:
            run_with_heartbeat(raising(error), beat=lambda: None, every_s=1, timeout_s=1)  # type: ignore[arg-type]
        assert raised.value is error
