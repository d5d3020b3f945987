"""Dispatch: the timer starts before the message is sent, and both can be repeated."""

from typing import Any

import pytest

from jobs.core.dispatch_job import DispatchJob
from jobs.kit.errors import UnavailableError
from tests.fakes.memory import Outbox
from tests.unit.support import failing_with


@pytest.fixture
def dispatch(repository) -> Any:
    def make(outbox: Outbox) -> DispatchJob:
        return DispatchJob(repository=repository, timers=outbox, send=outbox.send_new)

    return make


def test_dispatch_new_job_starts_timer_before_message(dispatch, a_job, monkeypatch) -> None:
    outbox, job = Outbox(), a_job()
    send = failing_with(UnavailableError(), inside=outbox.send)
    monkeypatch.setattr(Outbox, "send_new", staticmethod(send))

    with pytest.raises(UnavailableError):
        dispatch(outbox)(job.ref, check_at=job.deadline)

    assert outbox.deadlines == {job.ref: job.deadline}


def test_dispatch_repeated_after_failure_is_idempotent(dispatch, a_job, monkeypatch) -> None:
    outbox, job = Outbox(), a_job()
    time_out = failing_with(UnavailableError(), inside=outbox.time_out)
    monkeypatch.setattr(Outbox, "time_out", staticmethod(time_out))

    with pytest.raises(UnavailableError):
        dispatch(outbox)(job.ref, check_at=job.deadline)
    assert outbox.sent == []

    for _ in range(2):
        dispatch(outbox)(job.ref, check_at=job.deadline)

    assert outbox.sent == [job.ref] * 2
    assert outbox.deadlines == {job.ref: job.deadline}


def test_claimed_job_gets_timer_and_no_message(dispatch, running) -> None:
    outbox = Outbox()

    dispatch(outbox)(running.ref, check_at=running.deadline)

    assert outbox.deadlines == {running.ref: running.deadline}
    assert outbox.sent == []


def test_job_that_ended_unclaimed_gets_message_which_frees_its_slot(
    dispatch, repository, pending
) -> None:
    outbox = Outbox()
    repository.save(pending.cancel(now=pending.created_at), replacing=pending)

    dispatch(outbox)(pending.ref, check_at=pending.deadline)

    assert outbox.sent == [pending.ref]
