import json

import pytest

from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.kit.errors import FailureClass, UnavailableError, UpstreamError
from jobs.messaging.poll import Poll
from jobs.messaging.ports import Answer
from jobs.messaging.wiring import wiring as messaging
from tests.support import NOON

DONE = {"batchItemFailures": []}


class RemoteServer:
    """Returns `outcome` after calling `meanwhile`, and records the polled jobs."""

    def __init__(self) -> None:
        self.meanwhile = lambda: None
        self.outcome: Answer | UpstreamError | None = None
        self.polled: list[str | None] = []

    def poll(self, agent, question, handle) -> Answer | None:
        self.polled.append(handle)
        self.meanwhile()
        if isinstance(self.outcome, UpstreamError):
            raise self.outcome
        return self.outcome


@pytest.fixture
def remote(rewire) -> RemoteServer:
    server = RemoteServer()
    rewire(messaging, remote=server)
    return server


@pytest.fixture
def delegated(stored):
    return lambda **about: stored(
        **{"status": JobStatus.RUNNING, "attempt": 1, "handle": "far-job"} | about
    )


def test_poll_without_remote_answer_keeps_job_running(
    invoke, delegated, world, remote, log
) -> None:
    job = delegated()

    assert invoke("workers/poll_remote_job") == DONE
    assert remote.polled == ["far-job"]
    assert world.timers.polls == [Poll(ref=job.ref, pause_s=8)]
    assert world.repository.get(job.ref) == job
    assert (log()[0]["job_id"], log()[0]["ended"]) == (job.id, False)


def test_poll_with_remote_answer_stores_it(invoke, delegated, world, remote, clock) -> None:
    job = delegated()
    remote.outcome = Answer("Hi", {"mood": "good"})
    clock.advance(700)

    assert invoke("workers/poll_remote_job") == DONE
    assert world.timers.polls == []

    ended = world.repository.get(job.ref)
    assert (ended.status, ended.ended_at) == (JobStatus.SUCCEEDED, NOON + 700)
    assert (ended.result["content"], ended.result["metadata"]) == ("Hi", {"mood": "good"})


def test_poll_with_remote_failure_fails_job(invoke, delegated, world, remote) -> None:
    job = delegated()
    remote.outcome = UpstreamError("The remote agent gave no answer", FailureClass.REFUSED)

    assert invoke("workers/poll_remote_job") == DONE
    assert world.timers.polls == []
    assert world.repository.get(job.ref).error == "The remote agent gave no answer"


def test_poll_of_unknown_job_ends_polling(invoke, world, remote) -> None:
    assert invoke("workers/poll_remote_job") == DONE
    assert world.timers.polls == []


def test_poll_that_fails_is_made_again(invoke, delegated, world, remote, log) -> None:
    def fail() -> None:
        raise UnavailableError

    job = delegated()
    remote.meanwhile = fail

    assert invoke("workers/poll_remote_job") == DONE
    assert world.timers.polls == [Poll(ref=job.ref, pause_s=8)]
    assert [line["level"] for line in log()] == ["ERROR"]


@pytest.mark.usefixtures("remote")
def test_execution_of_previous_version_polls_itself(invoke, event, delegated, world) -> None:
    delegated()
    [record] = event("workers/poll_remote_job")["Records"]

    answer = invoke("workers/poll_remote_job", json.loads(record["body"])["job"])

    assert (answer, world.timers.polls) == ({"ended": False}, [])


def test_pauses_between_polls_grow_to_a_maximum() -> None:
    polls = [Poll(ref=JobRef(tenant="t", kind="k", id="i"))]
    for _ in range(5):
        polls.append(polls[-1].next())

    assert [each.pause_s for each in polls] == [1, 2, 4, 8, 15, 15]
