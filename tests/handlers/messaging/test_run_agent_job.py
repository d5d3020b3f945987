import json
from copy import deepcopy

import pytest

from jobs.core.adapters import messages
from jobs.core.attempt import VISIBILITY_TIMEOUT_S
from jobs.core.status import JobStatus
from jobs.kit.errors import UnavailableError
from jobs.messaging.agent import Agent
from jobs.messaging.wiring import wiring as messaging
from tests.support import NOON

ID = "019b7963-4a00-7000-8000-000000000001"
DONE = {"batchItemFailures": []}


@pytest.fixture
def batch(event):
    """Return one message per body, with numbered message ids and receipts."""
    [record] = event("workers/run_agent_job")["Records"]

    def make(*bodies: str | None, count: int = 1):
        record["attributes"]["ApproximateReceiveCount"] = str(count)
        records = [deepcopy(record) for _ in bodies]
        for n, body in enumerate(bodies):
            records[n] |= {"messageId": f"m{n}", "receiptHandle": f"r{n}"}
            if body is not None:
                records[n]["body"] = body
        return {"Records": records}

    return make


def failed(*places: int) -> dict[str, list[dict[str, str]]]:
    return {"batchItemFailures": [{"itemIdentifier": f"m{n}"} for n in places]}


def test_worker_with_job_stores_answer(invoke, stored, world, log) -> None:
    job = stored()

    answer = invoke("workers/run_agent_job")

    ended = world.repository.get(job.ref)
    assert answer == DONE
    assert (ended.status, ended.attempt) == (JobStatus.SUCCEEDED, 1)
    assert ended.result["content"] == "Hello"
    [line] = log()
    assert (line["job_id"], line["outcome"]) == (ID, "answered")
    assert "Hello" not in json.dumps(line)


def test_worker_holds_message_from_start(invoke, stored, world) -> None:
    stored()

    invoke("workers/run_agent_job")

    assert world.queues.held == [("EXAMPLE-receipt-handle", 30)]


@pytest.mark.parametrize("poison", [
    "", "{", "null", "[]", '"text"', "{}", '{"jobId": "x"}', "\U0001f600",
])  # fmt: skip
def test_worker_with_poison_message_reports_only_it(invoke, stored, world, batch, poison) -> None:
    job = stored()

    answer = invoke("workers/run_agent_job", batch(poison, None))

    assert answer == failed(0)
    assert world.repository.get(job.ref).status is JobStatus.SUCCEEDED


def test_worker_with_failing_record_logs_error(invoke, stored, batch, log) -> None:
    stored()

    invoke("workers/run_agent_job", batch("{", None))

    assert [line["level"] for line in log()] == ["ERROR", "INFO"]


def test_worker_with_leased_job_holds_message_past_lease(invoke, stored, world, batch) -> None:
    job = stored(status=JobStatus.RUNNING, attempt=1, lease_until=NOON + 12_345)

    answer = invoke("workers/run_agent_job", batch(None, count=2))

    assert answer == failed(0)
    assert world.queues.held[-1] == ("r0", 12 + VISIBILITY_TIMEOUT_S)
    assert world.repository.get(job.ref) == job


def test_worker_after_lease_end_takes_job_over(invoke, stored, world, batch) -> None:
    job = stored(status=JobStatus.RUNNING, attempt=1, lease_until=NOON)

    assert invoke("workers/run_agent_job", batch(None, count=2)) == DONE

    ended = world.repository.get(job.ref)
    assert (ended.status, ended.attempt) == (JobStatus.SUCCEEDED, 2)


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"])
def test_worker_with_ended_job_does_nothing(invoke, stored, world, log, status) -> None:
    job = stored(status=JobStatus(status), ended_at=NOON)

    assert invoke("workers/run_agent_job") == DONE
    assert world.repository.get(job.ref) == job
    assert log()[0]["outcome"] == "not needed"


def test_worker_with_unknown_job_removes_message(invoke, log) -> None:
    assert invoke("workers/run_agent_job") == DONE
    assert log()[0]["outcome"] == "not needed"


def test_worker_with_failing_agent_fails_job(invoke, stored, world, a_job) -> None:
    job = stored(request=a_job().request | {"content": "/fail out of order"})

    assert invoke("workers/run_agent_job") == DONE

    ended = world.repository.get(job.ref)
    assert (ended.status, ended.error) == (JobStatus.FAILED, "out of order")


def test_worker_with_removed_agent_fails_job(invoke, stored, world) -> None:
    job = stored()
    world.registry.put_agent("demo", Agent(id=job.request["agentId"], name="Echo", active=False))

    invoke("workers/run_agent_job")

    ended = world.repository.get(job.ref)
    assert ended.error == f"Agent {job.request['agentId']} not found"


def test_worker_with_unknown_provider_fails_job_without_its_name(invoke, stored, world) -> None:
    job = stored()
    world.registry.put_agent(
        "demo", Agent(id=job.request["agentId"], name="Echo", provider="oracle")
    )

    invoke("workers/run_agent_job")

    assert world.repository.get(job.ref).error == "The agent's provider is not known"


def test_worker_with_unavailable_database_keeps_message(
    invoke, stored, world, batch, monkeypatch
) -> None:
    stored()

    def out_of_reach(*_: object) -> None:
        raise UnavailableError("ThrottlingException")

    monkeypatch.setattr(world.repository, "get", out_of_reach)

    assert invoke("workers/run_agent_job", batch(None)) == failed(0)


def test_worker_with_bug_releases_job_soon(invoke, stored, world, batch, rewire) -> None:
    job = stored()
    rewire(messaging, provider=lambda _: None)

    answer = invoke("workers/run_agent_job", batch(None))

    left = world.repository.get(job.ref)
    assert answer == failed(0)
    assert (left.status, left.lease_until) == (JobStatus.RUNNING, NOON)
    assert world.queues.held[-1] == ("r0", 5)


@pytest.fixture
def with_slot(world, batch):
    """Return a message that owns a slot, and a function that counts the taken ones."""

    def message(job, count=1):
        slot = world.slots.take(job.ref, limit=1, until=NOON + 60_000)
        body = messages.to_text(job.ref, slot)
        return batch(body, count=count), lambda: world.slots.count(job.tenant, job.kind)

    return message


@pytest.mark.parametrize("about", [{}, {"status": JobStatus.CANCELLED, "ended_at": NOON}])
def test_worker_releases_slot_of_message(invoke, stored, with_slot, about) -> None:
    event, taken = with_slot(stored(**about))

    assert invoke("workers/run_agent_job", event) == DONE

    assert taken() == 0


def test_message_that_comes_again_keeps_its_slot(invoke, stored, with_slot) -> None:
    job = stored(status=JobStatus.RUNNING, attempt=1, lease_until=NOON + 5000)
    event, taken = with_slot(job, count=2)

    assert invoke("workers/run_agent_job", event) == failed(0)

    assert taken() == 1


def test_second_message_of_running_job_is_removed_and_keeps_slot(
    invoke, stored, with_slot, log
) -> None:
    job = stored(status=JobStatus.RUNNING, attempt=1, lease_until=NOON + 5000)
    event, taken = with_slot(job)

    assert invoke("workers/run_agent_job", event) == DONE

    assert taken() == 1
    assert log()[0]["outcome"] == "duplicate message"
