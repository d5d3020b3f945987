"""POST /v2/agent/{projectId}/job/{id}/message."""

import pytest

from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.docs.docs_job import docs_job_of
from tests.handlers.conftest import TENANT
from tests.handlers.docs.conftest import JOB
from tests.support import HOUR, NOON


@pytest.fixture
def send(call):
    return lambda prompt="say More", **headers: call(
        "message_job_v2", json_body={"prompt": prompt}, headers=headers
    )


@pytest.fixture
def chain(world):
    """Return the follow-ups of the events' job, last first, along their links."""

    def followed() -> list[str]:
        ref = JobRef(tenant=TENANT, kind="docs", id=JOB)
        found, next_ = [], docs_job_of(world.repository.get(ref)).latest
        while next_ and next_ != JOB:
            found.append(next_)
            job = world.repository.get(JobRef(tenant=TENANT, kind="docs", id=next_))
            assert docs_job_of(job).root == JOB
            next_ = docs_job_of(job).follows
        return found

    return followed


def test_message_creates_job_on_same_branch(send, stored, world, chain) -> None:
    root = stored(session={"draft": True, "model": "opus"})

    answer = send()

    [made] = chain()
    job = world.repository.get(JobRef(tenant=TENANT, kind="docs", id=made))
    assert (answer.status, answer.body["id"], answer.body["status"]) == (200, root.id, "active")
    assert job.request == {"messages": [{"role": "user", "content": "say More"}], "v": 2}
    assert job.deadline == NOON + HOUR
    assert job.key_id == "0123456789ab"
    session = docs_job_of(job)
    assert (session.branch, session.model, session.draft) == ("docs-agent/1", "opus", True)
    assert (session.root, session.follows) == (root.id, root.id)


def test_messages_are_queued_in_order(send, stored, chain, clock) -> None:
    stored()
    for _ in range(3):
        send()
        clock.advance(1)

    assert len(chain()) == 3
    assert chain() == sorted(chain(), reverse=True)


@pytest.mark.parametrize("status", [
    JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMED_OUT,
])  # fmt: skip
def test_message_to_ended_job_makes_it_active(send, stored, status) -> None:
    stored(status=status, ended_at=NOON)

    assert send().body["status"] == "active"


def test_message_during_worker_write_keeps_both(send, stored, world, chain) -> None:
    job = stored(status=JobStatus.RUNNING, attempt=1)
    send()

    world.repository.save(job.succeed({}, now=NOON), replacing=job)

    assert len(chain()) == 1


def test_message_with_same_key_is_sent_once(send, stored, chain) -> None:
    stored()
    key = {"Idempotency-Key": "once"}

    first, again, other = send(**key), send(**key), send("say No", **key)

    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert other.status == 409
    assert len(chain()) == 1


def test_creates_and_messages_share_rate_limit(call, send, stored) -> None:
    stored()
    made = [call("create_job_v2").status for _ in range(60)]
    sent = [send().status for _ in range(41)]

    assert made == [201] * 60
    assert sent == [200] * 40 + [429]
    assert call("create_job_v2").status == 429


def test_message_to_unknown_job_does_not_count(call, send, stored) -> None:
    for _ in range(3):
        assert send().status == 404
    stored()

    assert [send().status for _ in range(100)] == [200] * 100


@pytest.mark.parametrize("prompt", ["", 5, None, "x" * 200_000])
def test_invalid_body_returns_400(send, stored, chain, prompt) -> None:
    stored()

    answer = send(prompt)

    assert (answer.status, answer.body.keys()) == (400, {"error"})
    assert chain() == []


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.SUCCEEDED])
def test_message_is_sent_early_if_branch_is_free(send, stored, world, chain, status) -> None:
    ended = status.is_terminal
    stored(status=status, ended_at=NOON if ended else None)

    send()

    assert [sent["jobId"] for sent in world.queues.sent] == (chain() if ended else [])
