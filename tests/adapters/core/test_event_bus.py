"""Changes of status on the event bus (contract: events.md)."""

import json
from collections import Counter, defaultdict
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from functools import cache
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from jobs import kinds
from jobs.core.adapters.eventbridge import EventBridgePublisher
from jobs.core.adapters.job_events import JobEvents
from jobs.core.changes import JobChange
from jobs.core.failure import Failure
from jobs.core.status import JobStatus
from jobs.kit.errors import FailureClass, UnavailableError
from tests.adapters.engines import client, error_response
from tests.e2e.cloud import Cloud
from tests.e2e.events import Bus as Listening
from tests.fakes.memory import change
from tests.support import NOON


class Bus:
    """A client that remembers the entries put, and answers the last of each call with a code."""

    def __init__(self, code: str | None = None) -> None:
        self.code = code
        self.calls: list[list[dict[str, str]]] = []

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.calls.append(Entries)
        answers: list[dict[str, str]] = [{"EventId": "an id"} for _ in Entries]
        if self.code:
            answers[-1] = {"ErrorCode": self.code}
        return {"FailedEntryCount": int(self.code is not None), "Entries": answers}

    @property
    def details(self) -> list[dict[str, Any]]:
        return [json.loads(entry["Detail"]) for call in self.calls for entry in call]


@pytest.fixture
def bus() -> Bus:
    return Bus()


def publisher(bus: Any) -> EventBridgePublisher:
    return EventBridgePublisher(bus, "a-bus", JobEvents(kinds.kind))


@pytest.mark.parametrize("session", [{}, {"root": "019b7963-4a00-7000-8000-000000000001"}])
def test_event_of_docs_job_links_root_in_project(bus, a_docs_job, session) -> None:
    id_ = f"019b7963-4a00-7000-8000-00000000000{2 if session else 1}"
    job = a_docs_job(id=id_, session=session)

    publisher(bus).publish([change(job, previous=None)])

    [detail] = bus.details
    assert detail["jobId"] == id_
    assert detail["links"]["self"] == (
        "/v2/agent/demo-docs/job/019b7963-4a00-7000-8000-000000000001"
    )


def test_event_has_only_documented_fields(bus, a_job) -> None:
    job = a_job().fail(Failure("Secret reason", FailureClass.REFUSED), now=NOON + 250)

    publisher(bus).publish([change(job, previous=JobStatus.PENDING)])

    [[entry]] = bus.calls
    [detail] = bus.details
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "a-bus", "jobs", "Job Status Changed",
    )  # fmt: skip
    assert UUID(detail.pop("eventId"))
    assert datetime.fromisoformat(detail.pop("occurredAt")).timestamp() * 1000 == NOON + 250
    assert detail == {
        "version": "1",
        "sequence": 2,
        "tenant": job.tenant,
        "dialect": "messaging",
        "jobId": job.id,
        "status": "FAILED",
        "previousStatus": "PENDING",
        "links": {"self": f"/api/messaging/jobs/{job.id}"},
    }


def test_new_job_has_no_previous_status(bus, a_job) -> None:
    publisher(bus).publish([change(a_job(), previous=None)])

    assert bus.details[0]["previousStatus"] is None


def test_event_id_is_stable_per_change(bus, a_job) -> None:
    first, second = a_job(), a_job().cancel(now=NOON)
    elsewhere = a_job(tenant="rival")
    changes = [change(job, previous=None) for job in (first, second, elsewhere)]

    publisher(bus).publish(changes)
    publisher(Bus()).publish(changes)
    publisher(bus).publish(changes)

    assert [*Counter(detail["eventId"] for detail in bus.details).values()] == [2, 2, 2]


def lives(a_job: Any, count: int) -> list[JobChange]:
    """Return the changes of jobs that are created, begin and succeed: all creations first, …"""
    new = [a_job(id=f"019b7963-4a00-7000-8000-{n:012}") for n in range(count)]
    begun = [job.claim(now=NOON, lease=1000) for job in new]
    ended = [job.succeed({"content": "Fine"}, now=NOON) for job in begun]
    before = (None, JobStatus.PENDING, JobStatus.RUNNING)
    return [
        change(job, previous=previous)
        for jobs, previous in zip((new, begun, ended), before, strict=True)
        for job in jobs
    ]


def test_events_of_many_jobs_are_sent_by_tens(bus, a_job) -> None:
    jobs = [a_job(id=f"019b7963-4a00-7000-8000-{n:012}") for n in range(23)]

    publisher(bus).publish([change(job, previous=None) for job in jobs])

    assert sorted(len(call) for call in bus.calls) == [3, 10, 10]
    assert sorted(detail["jobId"] for detail in bus.details) == [job.id for job in jobs]


def test_events_of_a_job_are_sent_in_order(bus, a_job) -> None:
    publisher(bus).publish(lives(a_job, 33))

    sequences = defaultdict[str, list[int]](list)
    for detail in bus.details:
        sequences[detail["jobId"]].append(detail["sequence"])
    assert [*sequences.values()] == [[1, 2, 3]] * 33
    assert len(bus.calls) == 11
    for call in bus.calls:  # no other call has a job's events at the same time
        assert {*Counter(json.loads(each["Detail"])["jobId"] for each in call).values()} == {3}


def test_events_of_a_job_with_many_changes_are_sent_in_order(bus, a_job) -> None:
    created = change(a_job(), previous=None)

    publisher(bus).publish([replace(created, sequence=n) for n in range(25)])

    assert [detail["sequence"] for detail in bus.details] == [*range(25)]


def test_events_of_different_jobs_are_sent_side_by_side_by_four(bus, a_job) -> None:
    together = Barrier(4)  # breaks with fewer

    class Meeting(Bus):
        def put_events(self, **request: Any) -> dict[str, Any]:
            together.wait(timeout=10)
            return super().put_events(**request)

    meeting = Meeting()

    publisher(meeting).publish(lives(a_job, 24))

    assert len(meeting.calls) == 8


def test_call_that_fails_raises_and_its_replay_has_the_same_ids(bus, a_job) -> None:
    changes = lives(a_job, 12)
    failing = Bus("InternalFailure")

    with pytest.raises(UnavailableError):
        publisher(failing).publish(changes)
    publisher(bus).publish(changes)

    sent = {detail["eventId"] for detail in bus.details}
    assert len(sent) == len(changes)
    assert {detail["eventId"] for detail in failing.details} <= sent


def test_no_changes_make_no_call(bus) -> None:
    publisher(bus).publish([])

    assert bus.calls == []


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure", "a new one"])
def test_event_that_the_bus_cannot_take_yet_raises_unavailable(a_job, code) -> None:
    with pytest.raises(UnavailableError):
        publisher(Bus(code)).publish([change(a_job(), previous=None)])


def test_event_that_the_bus_never_takes_is_left_out(a_job, caplog) -> None:
    bus = Bus("MalformedDetail")

    publisher(bus).publish([change(a_job(), previous=None)] * 11)

    assert [len(call) for call in bus.calls] == [10, 1]
    assert "MalformedDetail" in caplog.text


@pytest.mark.parametrize(("code", "status"), [("ThrottlingException", 400), ("Internal", 500)])
def test_throttled_bus_raises_unavailable(a_job, code, status) -> None:
    events = client("events")
    events.meta.events.register("before-call.*.*", lambda **_: error_response(code, status))

    with pytest.raises(UnavailableError):
        publisher(events).publish([change(a_job(), previous=None)])


def test_real_bus_delivers_events_to_rule(cloud, stack, a_job) -> None:
    job = a_job()
    with ExitStack() as cleanup:

        @cache
        def of(service: str) -> Any:
            return cleanup.enter_context(closing(client(service, cloud)))

        listening = cleanup.enter_context(Listening(Cloud(stack, of), job.tenant))
        real = EventBridgePublisher(
            of("events"), stack.outputs["EventBusName"], JobEvents(kinds.kind)
        )
        real.publish([change(job, previous=None)])

        listening.until(job.id, "PENDING")
