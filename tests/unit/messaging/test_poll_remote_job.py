"""Polling of delegated jobs."""

from typing import Any

import pytest

from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.kit.errors import FailureClass, RefusedError, UnavailableError, UpstreamError
from jobs.messaging.agent import Agent
from jobs.messaging.poll_remote_job import PollRemoteJob
from jobs.messaging.ports import Answer
from tests.databases import Registry
from tests.unit.support import AGENT_ID, failing_with


class Elsewhere:
    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome
        self.polled: list[str | None] = []

    def ask(self, agent: Agent, question: Any) -> Any:
        raise AssertionError("it is only polled")

    def poll(self, agent: Agent, question: Any, handle: str | None) -> Any:
        self.polled.append(handle)
        if callable(self.outcome):
            return self.outcome()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.fixture
def delegated(repository, running) -> Job:
    job = running.delegate("a job there")
    repository.save(job, replacing=running)
    return job


@pytest.fixture
def poll(repository, registry, clock, delegated) -> Any:
    registry.put_agent("acme", Agent(id=AGENT_ID, name="Ada", provider="remote"))

    def poll(outcome: Any, registry: Any = registry) -> Any:
        remote = outcome if isinstance(outcome, Elsewhere) else Elsewhere(outcome)
        return PollRemoteJob(repository=repository, agents=registry, remote=remote, clock=clock)(
            delegated.ref
        )

    return poll


def test_poll_with_remote_answer_ends_job(poll, repository, delegated) -> None:
    remote = Elsewhere(Answer("Fine", {"a": 1}))

    assert poll(remote)

    assert remote.polled == ["a job there"]
    assert repository.get(delegated.ref).status is JobStatus.SUCCEEDED
    assert repository.get(delegated.ref).result["metadata"] == {"a": 1}


def test_poll_with_remote_failure_fails_job_with_its_reason(poll, repository, delegated) -> None:
    assert poll(UpstreamError("No tokens left", FailureClass.REFUSED))

    assert repository.get(delegated.ref).error == "No tokens left"


def test_poll_with_removed_agent_fails_job(poll, repository, delegated) -> None:
    assert poll(Answer("Fine"), Registry())

    assert repository.get(delegated.ref).error == f"Agent {AGENT_ID} not found"


def test_poll_without_answer_changes_nothing(poll, repository, delegated) -> None:
    assert not poll(None)

    assert repository.get(delegated.ref) == delegated


@pytest.mark.parametrize("past", [30_000, 30 * 3600 * 1000])
def test_poll_of_ended_or_unknown_job_does_not_call_remote(poll, clock, past) -> None:
    clock.advance(past)
    remote = Elsewhere(Answer("Late"))

    assert poll(remote)
    assert remote.polled == []


def test_poll_with_answer_at_deadline_is_too_late(poll, repository, delegated, clock) -> None:
    assert poll(lambda: (clock.advance(30_000), Answer("Late"))[1])

    assert repository.get(delegated.ref) == delegated


def test_poll_with_answer_after_cancel_drops_it(poll, repository, delegated, cancel) -> None:
    def answer() -> Answer:
        cancel(delegated.ref)
        return Answer("Late")

    assert not poll(answer)  # the next poll reads the new state
    assert poll(Answer("Later"))

    assert repository.get(delegated.ref).status is JobStatus.CANCELLED


def test_poll_with_unavailable_table_retries_in_next_poll(
    poll, repository, delegated, monkeypatch
) -> None:
    save = failing_with(UnavailableError(), inside=repository.save)
    monkeypatch.setattr(repository, "save", save)

    with pytest.raises(UnavailableError):
        poll(Answer("Fine"))
    assert repository.get(delegated.ref) == delegated

    assert poll(Answer("Fine"))
    assert repository.get(delegated.ref).status is JobStatus.SUCCEEDED


def test_poll_with_unreadable_secret_fails_job(poll, repository, delegated) -> None:
    assert poll(RefusedError("A secret cannot be read: x"))
    assert repository.get(delegated.ref).error == "A secret cannot be read: x"


def test_poll_with_answer_that_cannot_be_stored_fails_job(
    poll, repository, delegated, monkeypatch
) -> None:
    call = failing_with(RefusedError("AWS refused the request: x"), inside=repository.save)
    monkeypatch.setattr(repository, "save", call)

    assert poll(Answer("Fine"))
    assert repository.get(delegated.ref).error == "AWS refused the request: x"
