"""Examples for the events of `events/`, one by one: a job, a share, a session, a delivery."""

import time
from dataclasses import replace
from typing import Any

from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.docs import docs_job as docs
from jobs.messaging.message import Message, WorkerTask
from jobs.missions.mission import Mission
from jobs.sessions.session import ChatSession
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share, ShareType, new_code
from jobs.webhooks.webhook import DeliveryState, WebhookDelivery, delivery_id

ECHO, FAR_ECHO, OWN = (
    f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}" for digit in "135"
)
HOUR_MS = 3600 * 1000


def make_job(function: str) -> Job:
    """Make the job of a function's event."""
    if function.startswith("Missions"):
        return make_queued_mission()
    if function in {"DocsCancelJobV2", "RunDocsJob"}:
        return make_abandoned_docs_job()
    if function.startswith("Docs"):
        return make_finished_docs_job()
    if function.startswith("AgentWorkers"):
        return make_workers_job(is_claimed=function != "AgentWorkersClaimJobs")
    return make_abandoned_job(FAR_ECHO if function == "PollRemoteJob" else ECHO)


def make_queued_mission() -> Job:
    """Make a mission that stays queued: its device group has no devices."""
    now = now_ms()
    return build_job(
        now,
        kind="missions",
        request={"metadata": {}, "action": "HOVER", "waypoints": []},
        status=JobStatus.QUEUED,
        sequence=2,
        details=Mission(name="Inspection", group="nowhere", priority=5, due_at=now),
    )


def make_finished_docs_job() -> Job:
    now = now_ms()
    return build_job(
        now,
        kind=docs.KIND,
        request={"messages": [{"role": "user", "content": "say Hello"}], "v": 2},
        status=JobStatus.SUCCEEDED,
        sequence=3,
        ended_at=now,
        details=docs.DocsJob(
            project="demo-docs",
            branch="docs-agent/example",
            model="sonnet",
            repository="https://git.example/demo-docs.git",
        ),
    )


def make_abandoned_docs_job() -> Job:
    """Make a running docs job whose worker has died."""
    return replace(
        make_finished_docs_job(), status=JobStatus.RUNNING, sequence=2, attempt=1, ended_at=None
    )


def make_abandoned_job(agent_id: str) -> Job:
    """Make a running job whose worker has died; the stack dispatches only new jobs."""
    now = now_ms()
    job = build_job(
        now,
        kind="messaging",
        request={"agentId": agent_id, "userId": ECHO, "content": "Hello", "metadata": {}},
        status=JobStatus.RUNNING,
        sequence=2,
        attempt=1,
        lease_until=now,
    )
    return replace(job, handle=job.id)  # when polled, the job serves as its own remote job


def make_workers_job(*, is_claimed: bool) -> Job:
    """Make a job that a worker of the tenant's own has claimed, or may claim as that one died."""
    job = make_abandoned_job(OWN)
    lease_until = job.deadline if is_claimed else job.lease_until
    task = WorkerTask(max_attempts=5)
    return replace(job, handle=None, lease_until=lease_until, details=Message(task=task))


def build_job(now: int, **fields: Any) -> Job:
    return Job(
        id=new_job_id(now),
        tenant="demo",
        created_at=now,
        changed_at=now,
        deadline=now + HOUR_MS,
        retention=24 * HOUR_MS,
        **fields,
    )


def make_share(job: Job) -> Share:
    """Make a share of the job: each job may have a few shares only."""
    now = now_ms()
    return Share(
        code=new_code(),
        resource=Resource(tenant=job.tenant, kind=ResourceKind.JOB, id=job.id),
        type=ShareType.STREAM,
        created_at=now,
        expires_at=now + HOUR_MS,
        max_viewers=None,
        metadata={},
    )


def make_session() -> ChatSession:
    now = now_ms()
    return ChatSession(
        id=new_job_id(now),
        tenant="demo",
        agent_id=ECHO,
        user_id=ECHO,
        channel_id=ECHO,
        metadata={},
        created_at=now,
        active_at=now,
        renewed_at=now,
    )


def make_tenant(function: str) -> str:
    """Make a new tenant's id for a function's event."""
    return f"{function.removesuffix('Function').lower()}-{now_ms()}"


def make_delivery(job: Job) -> WebhookDelivery:
    """Make a finished delivery of the job's webhook."""
    return WebhookDelivery(
        id=delivery_id(job.ref, job.sequence, None),
        ref=job.ref,
        sequence=job.sequence,
        event="started",
        url="https://receiver.invalid/",
        body="{}",
        planned_at=job.created_at,
        state=DeliveryState.DELIVERED,
    )


def now_ms() -> int:
    return time.time_ns() // 1_000_000
