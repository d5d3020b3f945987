"""Messages to agents, as jobs: `sortie.messaging`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from sortie_client._calls import Retries, call, new_key
from sortie_client._decode import Model, decode
from sortie_client._flow import Answer, Flow, Giving, Request
from sortie_client._operation import operation, stream
from sortie_client._polling import until
from sortie_client._wire import path, present
from sortie_client.errors import JobFailedError

JOBS: Final = "/api/messaging/jobs"
_HELD_S: Final = 20
_PATIENCE_S: Final = 30.0


class JobStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"

    @property
    def is_over(self) -> bool:
        return self not in {JobStatus.PENDING, JobStatus.PROCESSING}


@dataclass(frozen=True, kw_only=True)
class CreatedJob(Model):
    job_id: str
    status: JobStatus
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Message(Model):
    id: str
    content: str
    author_id: str
    created_at: datetime
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class JobResult(Model):
    message: Message
    processing_time_ms: int


@dataclass(frozen=True, kw_only=True)
class Job(Model):
    """`result` once it is completed, `error` where it has failed or timed out."""

    job_id: str
    status: JobStatus
    agent_id: str
    user_id: str
    prompt: str
    created_at: datetime
    expires_at: datetime
    result: JobResult | None = None
    error: str | None = None
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class JobPage(Model):
    """`total`: of all your jobs; `filtered`: of those here; `next_cursor`: of the next page."""

    jobs: Sequence[Job]
    total: int
    filtered: int
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class StatusCounts(Model):
    pending: int
    processing: int
    completed: int
    failed: int
    timeout: int


@dataclass(frozen=True, kw_only=True)
class Metrics(Model):
    """Rates are fractions of the jobs that have ended."""

    average_processing_time_ms: float
    success_rate: float
    failure_rate: float
    timeout_rate: float


@dataclass(frozen=True, kw_only=True)
class JobsHealth(Model):
    healthy: bool
    timestamp: datetime
    total_jobs: int
    status_counts: StatusCounts
    metrics: Metrics
    max_jobs: int


@dataclass(frozen=True, kw_only=True)
class Agent(Model):
    id: str
    name: str
    status: str
    character_name: str | None = None
    bio: str | None = None


class MessagingCalls:
    def __init__(self, player: Any, api_key: str | None, retries: Retries) -> None:
        self._player = player
        self._key = {"X-API-Key": api_key} if api_key else {}
        self._retries = retries

    @operation
    def create_job(
        self,
        user_id: str,
        content: str,
        *,
        agent_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        timeout_ms: int | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[CreatedJob]:
        """Ask an agent, the first available one by default; `user_id` and `agent_id` are UUIDs."""
        body = _body(user_id, content, agent_id, metadata, timeout_ms)
        answer = yield from self._call("POST", JOBS, body=body, headers=new_key(idempotency_key))
        return decode(CreatedJob, answer.json)

    @operation
    def create_and_wait_for_job(
        self,
        user_id: str,
        content: str,
        *,
        agent_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        timeout_ms: int | None = None,
        idempotency_key: str | None = None,
        interval: float = 1.0,
        max_attempts: int | None = None,
    ) -> Giving[Job, Job]:
        """Ask an agent and return its answer; the server holds it back until there is one.

        Raises `JobFailedError`; `StillRunningError` after so many polls, `interval` seconds apart.
        """
        answer = yield from self._call(
            "POST",
            JOBS,
            body=_body(user_id, content, agent_id, metadata, timeout_ms),
            headers={**new_key(idempotency_key), "Prefer": f"wait={_HELD_S}"},
            seconds=_PATIENCE_S,
        )
        if answer.status == HTTPStatus.OK:
            return _succeeded(decode(Job, answer.json))
        created = decode(CreatedJob, answer.json)
        job = yield from self._until_over(created.job_id, interval, max_attempts)
        return _succeeded(job)

    @operation
    def get_job(self, job_id: str) -> Flow[Job]:
        return (yield from self._job(job_id))

    @operation
    def list_jobs(
        self,
        *,
        limit: int | None = None,
        status: JobStatus | None = None,
        cursor: str | None = None,
    ) -> Flow[JobPage]:
        """List your jobs, newest first."""
        query = {"limit": limit, "status": status, "cursor": cursor}
        answer = yield from self._call("GET", JOBS, query=query)
        return decode(JobPage, answer.json)

    @operation
    def poll_job(
        self, job_id: str, interval: float = 1.0, max_attempts: int | None = None
    ) -> Giving[Job, Job]:
        """Wait for a job, `interval` seconds between two looks; every job ends by `expires_at`.

        Raises `JobFailedError`, `StillRunningError`.
        """
        return _succeeded((yield from self._until_over(job_id, interval, max_attempts)))

    @stream
    def watch_job(self, job_id: str, interval: float = 0.5) -> Giving[Job, Job]:
        """Iterate over a job's changes, until it is over; it may have failed."""
        return self._until_over(job_id, interval, None)

    @operation
    def cancel_job(self, job_id: str) -> Flow[Job]:
        """Raises `ConflictError` if the job is over."""
        where = path("api", "messaging", "jobs", job_id, "cancel")
        answer = yield from self._call("POST", where, repeatable=False)
        return decode(Job, answer.json)

    @operation
    def get_jobs_health(self) -> Flow[JobsHealth]:
        answer = yield from self._call("GET", f"{JOBS}/health")
        return decode(JobsHealth, answer.json)

    @operation
    def list_agents(self) -> Flow[Sequence[Agent]]:
        answer = yield from self._call("GET", "/api/agents")
        return decode(_Agents, answer.json).data.agents

    def _job(self, job_id: str) -> Flow[Job]:
        answer = yield from self._call("GET", path("api", "messaging", "jobs", job_id))
        return decode(Job, answer.json)

    def _until_over(
        self, job_id: str, interval: float, max_attempts: int | None
    ) -> Giving[Job, Job]:
        return until(
            lambda: self._job(job_id),
            lambda job: job.status.is_over,
            interval=interval,
            max_attempts=max_attempts,
        )

    def _call(
        self, method: str, where: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Flow[Answer]:
        asked = Request(method=method, path=where, headers={**self._key, **(headers or {})}, **more)
        return call(asked, self._retries)


@dataclass(frozen=True, kw_only=True)
class _AgentList(Model):
    agents: Sequence[Agent]


@dataclass(frozen=True, kw_only=True)
class _Agents(Model):
    data: _AgentList


def _body(
    user_id: str,
    content: str,
    agent_id: str | None,
    metadata: Mapping[str, Any] | None,
    timeout_ms: int | None,
) -> Mapping[str, Any]:
    return present(
        userId=user_id,
        content=content,
        agentId=agent_id,
        metadata=metadata,
        timeoutMs=timeout_ms,
    )


def _succeeded(job: Job) -> Job:
    if job.status is not JobStatus.COMPLETED:
        raise JobFailedError(job.error or f"The job has ended as {job.status}", job)
    return job
