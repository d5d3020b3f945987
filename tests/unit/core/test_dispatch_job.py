"""Dispatch: the timer starts before the message is sent, and both can be repeated."""

import pytest

from jobs.core.dispatch_job import DispatchJob
from jobs.kit.errors import UnavailableError
from tests.fakes.memory import Outbox
from tests.unit.support import failing_with


def test_dispatch_new_job_starts_timer_before_message(a_job, monkeypatch) -> None:
    outbox, job = Outbox(), a_job()
    send = failing_with(UnavailableError(), inside=outbox.send)
    monkeypatch.setattr(Outbox, "send", staticmethod(send))

    with pytest.raises(UnavailableError):
        DispatchJob(timers=outbox, queue=outbox)(job.ref, deadline=job.deadline)

    assert outbox.deadlines == {job.ref: job.deadline}


def test_dispatch_repeated_after_failure_is_idempotent(a_job, monkeypatch) -> None:
    outbox, job = Outbox(), a_job()
    dispatch = DispatchJob(timers=outbox, queue=outbox)
    time_out = failing_with(UnavailableError(), inside=outbox.time_out)
    monkeypatch.setattr(Outbox, "time_out", staticmethod(time_out))

    with pytest.raises(UnavailableError):
        dispatch(job.ref, deadline=job.deadline)
    assert outbox.sent == []

    for _ in range(2):
        dispatch(job.ref, deadline=job.deadline)

    assert outbox.sent == [job.ref] * 2
    assert outbox.deadlines == {job.ref: job.deadline}
