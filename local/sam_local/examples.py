"""What the events of `events/` are about, for functions that are invoked one by one."""

import time
from dataclasses import replace

from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.docs import docs_job as docs
from jobs.missions.mission import Mission
from jobs.sessions.session import ChatSession
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share, ShareType, new_code
from jobs.webhooks.webhook import DeliveryState, WebhookDelivery, delivery_id

ECHO, FAR_ECHO = (
    f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}" for digit in "13"
)
HOUR = 3600 * 1000


def job_for(function: str) -> Job:
    """The job that a function's event is about."""
    if function.startswith("Missions"):
        return waiting()
    if function.startswith("Docs"):
        return written()
    if function == "RunDocsJob":
        return half_written()
    return left_behind(FAR_ECHO if function == "PollRemoteJob" else ECHO)


def waiting() -> Job:
    """A mission that gets no device: its group has none."""
    now = time.time_ns() // 1_000_000
    return Job(
        id=new_job_id(now),
        tenant="demo",
        dialect="missions",
        request={"metadata": {}, "action": "HOVER", "waypoints": []},
        created_at=now,
        changed_at=now,
        deadline=now + HOUR,
        retention=24 * HOUR,
        status=JobStatus.QUEUED,
        sequence=2,
        mission=Mission(name="Inspection", group="nowhere", priority=5, due_at=now),
    )


def written() -> Job:
    """A documentation agent's job that is over."""
    now = time.time_ns() // 1_000_000
    return Job(
        id=new_job_id(now),
        tenant="demo",
        dialect=docs.DIALECT,
        request={"messages": [{"role": "user", "content": "say Hello"}], "v": 2},
        created_at=now,
        changed_at=now,
        deadline=now + HOUR,
        retention=24 * HOUR,
        status=JobStatus.SUCCEEDED,
        sequence=3,
        ended_at=now,
        session=docs.Session(
            project="demo-docs",
            branch="docs-agent/example",
            model="sonnet",
            repository="https://git.example/demo-docs.git",
        ),
    )


def half_written() -> Job:
    """A documentation agent's job whose worker has died."""
    return replace(written(), status=JobStatus.RUNNING, sequence=2, attempt=1, ended_at=None)


def shared() -> Share:
    now = time.time_ns() // 1_000_000
    return Share(
        code=new_code(),
        resource=Resource(tenant="demo", kind=ResourceKind.GROUP, id="harbour"),
        type=ShareType.STREAM,
        created_at=now,
        expires_at=now + HOUR,
        max_viewers=None,
        metadata={},
    )


def opened() -> ChatSession:
    now = time.time_ns() // 1_000_000
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


def delivered(job: Job) -> WebhookDelivery:
    """What has been sent of a job, to a receiver whom nobody finds again."""
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


def left_behind(agent_id: str) -> Job:
    """A job whose worker has died. Only new ones are dispatched, so the stack's own let it be."""
    now = time.time_ns() // 1_000_000
    job_id = new_job_id(now)
    return Job(
        id=job_id,
        tenant="demo",
        dialect="messaging",
        request={"agentId": agent_id, "userId": ECHO, "content": "Hello", "metadata": {}},
        created_at=now,
        changed_at=now,
        deadline=now + HOUR,
        retention=24 * HOUR,
        status=JobStatus.RUNNING,
        sequence=2,
        attempt=1,
        lease_until=now,
        handle=job_id,  # to be polled, it is its own far half
    )
