"""Message jobs while workers die, queues stop and messages repeat."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

import pytest

from jobs import kinds
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.adapters.dynamodb.output import DynamoOutputLog
from jobs.core.ids import new_job_id
from jobs.core.job import Job, JobRef
from jobs.kit.output.events import OutputItem
from jobs.messaging.agent import Agent
from tests.e2e.api import JOBS, USER, Api, eventually
from tests.e2e.cloud import Cloud, key
from tests.e2e.events import Bus

HOUR = 3600 * 1000


def now() -> int:
    return time.time_ns() // 1_000_000


def ref(api: Api, job_id: str) -> JobRef:
    return JobRef(tenant=api.tenant, kind="messaging", id=job_id)


def said_by(cloud: Cloud, job: JobRef) -> Sequence[OutputItem]:
    """Return what the job's agent has said so far."""
    table = cloud.stack.outputs["OutputTableName"]
    return DynamoOutputLog(cloud.client("dynamodb"), table).read(job, since=1)


@contextmanager
def no_consumer(cloud: Cloud) -> Iterator[None]:
    cloud.consume("RunAgentJob", enabled=False)
    try:
        yield
    finally:
        cloud.consume("RunAgentJob", enabled=True)


@pytest.fixture
def a_job(api: Api):
    """Make a job of the tenant, as create does before its write."""

    def make() -> Job:
        agent = api.get("/api/agents").json["data"]["agents"][0]["id"]
        request = {"agentId": agent, "userId": USER, "content": "Hello", "metadata": {}}
        created = now()
        return Job(
            id=new_job_id(created),
            tenant=api.tenant,
            kind="messaging",
            request=request,
            created_at=created,
            changed_at=created,
            deadline=created + 60_000,
            retention=24 * HOUR,
        )

    return make


def test_killed_workers_leave_their_jobs_to_others(api: Api, bus: Bus, cloud: Cloud) -> None:
    killed = api.create("/stream 5 killed", timeoutMs=180_000)
    eventually(lambda: said_by(cloud, ref(api, killed)), lambda items: items)
    assert cloud.kill("RunAgentJob") >= 1
    cut_off = api.create("/sleep 5 cut off", timeoutMs=180_000)
    api.until(cut_off, "processing")
    with no_consumer(cloud):
        assert cloud.kill("RunAgentJob") >= 1
        queued = api.create("queued", timeoutMs=180_000)
        eventually(lambda: cloud.waiting("AgentQueueUrl", in_flight=False), lambda count: count)
        assert api.job(queued)["status"] == "pending"

    answers = [
        api.until(each)["result"]["message"]["content"] for each in (queued, killed, cut_off)
    ]

    assert answers == ["queued", "killed", "cut off"]
    stream = api.get(f"{JOBS}/{killed}/stream").body
    assert stream.index(b"killed") < stream.index(b"data-restarted") < stream.rindex(b"killed")
    for job_id, attempts in ((queued, "1"), (killed, "2"), (cut_off, "2")):
        assert cloud.header(ref(api, job_id))["attempt"] == {"N": attempts}
        bus.until(job_id, "PENDING", "RUNNING", "SUCCEEDED")


def test_unprocessable_job_fails_without_delaying_others(make_tenant, cloud: Cloud) -> None:
    poison = Agent(id=str(uuid4()), name="Poison", order=1, provider="openai", settings={})
    api = make_tenant(Agent(id=str(uuid4()), name="Echo"), poison)
    bad = api.create(agentId=poison.id, timeoutMs=300_000)

    good = api.create("Unharmed")

    assert api.until(good)["status"] == "completed"
    failed = api.until(bad, seconds=120)
    assert (failed["status"], failed["error"]) == ("failed", "Job could not be processed")
    assert int(cloud.header(ref(api, bad))["attempt"]["N"]) == 6
    eventually(lambda: cloud.waiting("AgentDeadLetterQueueUrl"), lambda count: count == 0)


def test_repeated_job_message_runs_the_job_once(api: Api, bus: Bus, cloud: Cloud) -> None:
    cloud.purge("AgentQueueUrl")
    job_id = api.create("/sleep 2 once")
    cloud.send(ref(api, job_id))
    cloud.send(ref(api, job_id))
    job = api.until(job_id)

    cloud.send(ref(api, job_id))

    eventually(lambda: cloud.waiting("AgentQueueUrl", in_flight=False), lambda count: count == 0)
    assert job["result"]["message"]["content"] == "once"
    assert api.job(job_id) == job
    assert cloud.header(ref(api, job_id))["attempt"] == {"N": "1"}
    bus.until(job_id, "PENDING", "RUNNING", "SUCCEEDED")


def test_repeated_deadline_leaves_a_finished_job_unchanged(
    api: Api, bus: Bus, cloud: Cloud
) -> None:
    job_id = api.create()
    job = api.until(job_id)
    job_ref = {"tenant": api.tenant, "dialect": "messaging", "jobId": job_id}
    again = {"job": job_ref, "at": "2026-01-01T00:00:00Z"}

    started = cloud.client("stepfunctions").start_execution(
        stateMachineArn=cloud.machine("job-timeout"),
        name=f"again-{job_id}",
        input=json.dumps(again),
    )

    done = eventually(
        lambda: cloud.client("stepfunctions").describe_execution(
            executionArn=started["executionArn"]
        ),
        lambda execution: execution["status"] != "RUNNING",
    )
    assert done["status"] == "SUCCEEDED"
    assert api.job(job_id) == job
    bus.until(job_id, "PENDING", "RUNNING", "SUCCEEDED")


def test_crash_after_the_write_still_dispatches_the_job(
    api: Api, bus: Bus, cloud: Cloud, a_job
) -> None:
    repository = DynamoJobRepository(cloud.client("dynamodb"), cloud.jobs, now, kinds.storage)
    job = a_job()

    repository.add(job)

    assert api.until(job.id)["status"] == "completed"
    bus.until(job.id, "PENDING", "RUNNING", "SUCCEEDED")
    assert eventually(api.health, lambda seen: seen["statusCounts"]["completed"])["totalJobs"] == 1


def test_message_from_create_needs_no_stream(api: Api, cloud: Cloud) -> None:
    cloud.consume("DispatchJobs", enabled=False)
    try:
        job = api.until(api.create())
    finally:
        cloud.consume("DispatchJobs", enabled=True)

    assert job["status"] == "completed"


def test_deleted_job_leaves_the_counts(api: Api, cloud: Cloud) -> None:
    """DynamoDB's time to live deletes in the same way."""
    deleted, retained = api.create("/silent", timeoutMs=300_000), api.create()
    api.until(retained)
    eventually(api.health, lambda seen: seen["statusCounts"]["processing"] == 1)

    cloud.client("dynamodb").delete_item(TableName=cloud.jobs, Key=key(ref(api, deleted)))

    health = eventually(api.health, lambda seen: seen["totalJobs"] == 1)
    assert health["statusCounts"]["completed"] == 1
    assert health["statusCounts"]["processing"] == 0


def test_message_of_an_unknown_job_is_dropped(api: Api, cloud: Cloud) -> None:
    cloud.purge("AgentQueueUrl")
    nobody = JobRef(tenant=api.tenant, kind="messaging", id=str(uuid4()))

    cloud.send(nobody)

    eventually(lambda: cloud.waiting("AgentQueueUrl"), lambda count: count == 0)
    assert cloud.waiting("AgentDeadLetterQueueUrl") == 0
    assert api.listed()["total"] == 0


def test_revoked_key_returns_401(make_tenant, cloud: Cloud) -> None:
    """The key is unused: API Gateway caches the authorizer's answer for a minute."""
    revoked, other = make_tenant(), make_tenant()
    key_id = str(revoked.key).split("_")[1]

    cloud.client("dynamodb").delete_item(
        TableName=cloud.registry, Key={"PK": {"S": f"KEY#{key_id}"}, "SK": {"S": "KEY"}}
    )

    assert revoked.ask().error == (401, "Missing or invalid credentials")
    assert other.ask().status == 201


def test_pending_job_when_cancelled_never_runs(api: Api, bus: Bus, cloud: Cloud) -> None:
    with no_consumer(cloud):
        job_id = api.create()
        answer = api.cancel(job_id)
    later = api.create()
    api.until(later)

    assert (answer.status, answer.json["status"]) == (200, "failed")
    assert "result" not in api.job(job_id)
    bus.until(later, "PENDING", "RUNNING", "SUCCEEDED")
    bus.until(job_id, "PENDING", "CANCELLED")


def test_queued_job_at_its_deadline_times_out(api: Api, cloud: Cloud, bus: Bus) -> None:
    with no_consumer(cloud):
        job_id = api.create(timeoutMs=1000)
        job = api.until(job_id)

    assert job["status"] == "timeout"
    bus.until(job_id, "PENDING", "TIMED_OUT")
