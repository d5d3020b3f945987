"""What may break on the deployed stack, and what becomes of jobs then."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from jobs import kinds
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.ids import new_job_id
from jobs.core.job import Job, JobRef
from jobs.messaging.agent import Agent
from tests.e2e.api import JOBS, USER, Api, eventually
from tests.e2e.cloud import Cloud, key
from tests.e2e.events import Bus

HOUR = 3600 * 1000


def now() -> int:
    return time.time_ns() // 1_000_000


def ref(api: Api, job_id: str) -> JobRef:
    return JobRef(tenant=api.tenant, kind="messaging", id=job_id)


@contextmanager
def no_consumer(cloud: Cloud) -> Iterator[None]:
    cloud.consume("RunAgentJob", enabled=False)
    try:
        yield
    finally:
        cloud.consume("RunAgentJob", enabled=True)


@pytest.fixture
def a_job(api: Api):
    """Make a job of the tenant, as create does before it writes it."""

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


def test_jobs_whose_workers_are_killed_are_done_by_others(api: Api, bus: Bus, cloud: Cloud) -> None:
    killed = api.create("/sleep 5 killed", timeoutMs=180_000)
    api.until(killed, "processing")
    assert cloud.kill("RunAgentJob") >= 1
    cut_off = api.create("/sleep 5 cut off", timeoutMs=180_000)
    api.until(cut_off, "processing")
    with no_consumer(cloud):
        assert cloud.kill("RunAgentJob") >= 1
        queued = api.create("queued", timeoutMs=180_000)
        eventually(lambda: cloud.executions("job-timeout", queued), len)
        assert api.job(queued)["status"] == "pending"

    answers = [
        api.until(each)["result"]["message"]["content"] for each in (queued, killed, cut_off)
    ]

    assert answers == ["queued", "killed", "cut off"]
    for job_id, attempts in ((queued, "1"), (killed, "2"), (cut_off, "2")):
        assert cloud.header(ref(api, job_id))["attempt"] == {"N": attempts}
        bus.until(job_id, "PENDING", "RUNNING", "SUCCEEDED")


def test_a_job_that_no_worker_can_process_fails_and_stops_nobody_else(
    make_tenant, cloud: Cloud
) -> None:
    poison = Agent(id=str(uuid4()), name="Poison", order=1, provider="openai", settings={})
    api = make_tenant(Agent(id=str(uuid4()), name="Echo"), poison)
    bad = api.create(agentId=poison.id, timeoutMs=300_000)

    good = api.create("Unharmed")

    assert api.until(good)["status"] == "completed"
    failed = api.until(bad, seconds=120)
    assert (failed["status"], failed["error"]) == ("failed", "Job could not be processed")
    assert int(cloud.header(ref(api, bad))["attempt"]["N"]) == 4
    eventually(lambda: cloud.waiting("AgentDeadLetterQueueUrl"), lambda count: count == 0)


def test_a_job_dispatched_again_is_done_once(api: Api, bus: Bus, cloud: Cloud) -> None:
    cloud.purge("AgentQueueUrl")
    job_id = api.create("/sleep 2 once")
    cloud.send(ref(api, job_id))
    cloud.send(ref(api, job_id))
    job = api.until(job_id)

    cloud.send(ref(api, job_id))

    # A message that met a worker comes back once that worker's lease must have run out.
    eventually(lambda: cloud.waiting("AgentQueueUrl"), lambda count: count == 0, seconds=150)
    assert job["result"]["message"]["content"] == "once"
    assert api.job(job_id) == job
    assert cloud.header(ref(api, job_id))["attempt"] == {"N": "1"}
    bus.until(job_id, "PENDING", "RUNNING", "SUCCEEDED")


def test_a_deadline_that_is_set_again_changes_nothing(api: Api, bus: Bus, cloud: Cloud) -> None:
    job_id = api.create()
    job = api.until(job_id)
    spelled = {"tenant": api.tenant, "dialect": "messaging", "jobId": job_id}
    again = {"job": spelled, "at": "2026-01-01T00:00:00Z"}

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


def test_a_job_has_one_timer_named_after_it(api: Api, cloud: Cloud) -> None:
    job_id = api.create()
    eventually(lambda: cloud.executions("job-timeout", job_id), len)

    with pytest.raises(cloud.client("stepfunctions").exceptions.ExecutionAlreadyExists):
        cloud.client("stepfunctions").start_execution(
            stateMachineArn=cloud.machine("job-timeout"), name=job_id, input="{}"
        )

    assert len(cloud.executions("job-timeout", job_id)) == 1


def test_a_create_that_crashed_after_its_write_is_dispatched_all_the_same(
    api: Api, bus: Bus, cloud: Cloud, a_job
) -> None:
    repository = DynamoJobRepository(cloud.client("dynamodb"), cloud.jobs, now, kinds.storage)
    job = a_job()

    repository.add(job)

    assert api.until(job.id)["status"] == "completed"
    bus.until(job.id, "PENDING", "RUNNING", "SUCCEEDED")
    eventually(lambda: cloud.executions("job-timeout", job.id), len)
    assert eventually(api.health, lambda seen: seen["statusCounts"]["completed"])["totalJobs"] == 1


def test_an_expired_job_is_absent_everywhere_although_it_is_still_there(
    api: Api, cloud: Cloud
) -> None:
    expired, kept = api.create("/silent", timeoutMs=300_000), api.create("kept")
    api.until(expired, "processing")
    api.until(kept)

    cloud.change(ref(api, expired), expires_at=now() // 1000)

    assert cloud.status(ref(api, expired)) == "RUNNING"
    gone, unknown = (api.get(f"{JOBS}/{each}") for each in (expired, str(uuid4())))
    assert (gone.status, gone.body) == (404, unknown.body)
    assert api.cancel(expired).error == (404, "Job not found")
    for query in ({}, {"limit": 1}, {"status": "processing"}, {"status": "completed"}):
        assert expired not in [job["jobId"] for job in api.listed(**query)["jobs"]]


def test_a_job_that_is_deleted_leaves_the_counts(api: Api, cloud: Cloud) -> None:
    """As DynamoDB's time to live does it."""
    deleted, kept = api.create("/silent", timeoutMs=300_000), api.create()
    api.until(kept)
    eventually(api.health, lambda seen: seen["statusCounts"]["processing"] == 1)

    cloud.client("dynamodb").delete_item(TableName=cloud.jobs, Key=key(ref(api, deleted)))

    health = eventually(api.health, lambda seen: seen["totalJobs"] == 1)
    assert health["statusCounts"]["completed"] == 1
    assert health["statusCounts"]["processing"] == 0


def test_a_message_that_names_no_job_ends_in_silence(api: Api, cloud: Cloud) -> None:
    cloud.purge("AgentQueueUrl")
    nobody = JobRef(tenant=api.tenant, kind="messaging", id=str(uuid4()))

    cloud.send(nobody)

    eventually(lambda: cloud.waiting("AgentQueueUrl"), lambda count: count == 0)
    assert cloud.waiting("AgentDeadLetterQueueUrl") == 0
    assert api.listed()["total"] == 0


def test_a_revoked_key_opens_nothing(make_tenant, cloud: Cloud) -> None:
    """One that was never used: what it opens, API Gateway remembers for a minute."""
    revoked, other = make_tenant(), make_tenant()
    key_id = str(revoked.key).split("_")[1]

    cloud.client("dynamodb").delete_item(
        TableName=cloud.registry, Key={"PK": {"S": f"KEY#{key_id}"}, "SK": {"S": "KEY"}}
    )

    assert revoked.ask().error == (401, "Missing or invalid credentials")
    assert other.ask().status == 201


def test_a_key_opens_the_same_for_all_that_it_opens(api: Api) -> None:
    """The first answer of the authorizer holds for every endpoint, as it is remembered."""
    job_id = api.create()

    assert api.get("/api/agents").status == 200
    assert api.job(job_id)["jobId"] == job_id
    assert api.listed()["filtered"] == 1
    assert api.health()["healthy"] is True


def test_an_agent_that_is_gone_by_the_time_of_its_turn_fails_the_job(
    cloud: Cloud, make_tenant
) -> None:
    agent = Agent(id=str(uuid4()), name="Leaving")
    api = make_tenant(agent)
    with no_consumer(cloud):
        job_id = api.create()
        cloud.client("dynamodb").delete_item(
            TableName=cloud.registry,
            Key={"PK": {"S": f"TENANT#{api.tenant}"}, "SK": {"S": f"AGENT#{agent.id}"}},
        )

    job = api.until(job_id)

    assert (job["status"], job["error"]) == ("failed", f"Agent {agent.id} not found")


def test_a_tenant_without_agents_cannot_ask(make_tenant) -> None:
    api = make_tenant(Agent(id=str(uuid4()), name="Asleep", active=False))

    assert api.ask().error == (404, "No agents available on server")
    assert api.get("/api/agents").json["data"]["agents"][0]["status"] == "inactive"
