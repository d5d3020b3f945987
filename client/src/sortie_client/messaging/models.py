"""Message jobs and agents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sortie_client._core.models import Model


class JobStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"

    @property
    def is_terminal(self) -> bool:
        return self not in {JobStatus.PENDING, JobStatus.PROCESSING}


class Restart(str):
    """An empty part of an answer: the agent is asked again, and the parts before are void."""

    __slots__ = ()


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
    """`result`: of a completed job; `error`: of a failed or timed-out one."""

    job_id: str
    status: JobStatus
    agent_id: str
    user_id: str
    prompt: str
    created_at: datetime
    expires_at: datetime
    result: JobResult | None = None
    error: str | None = None
    error_class: str | None = None
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class JobPage(Model):
    """`total`: the number of all your jobs; `filtered`: the number of jobs on this page."""

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
    """Rates are fractions of the ended jobs, from 0 to 1."""

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


@dataclass(frozen=True, kw_only=True)
class AgentList(Model):
    agents: Sequence[Agent]


@dataclass(frozen=True, kw_only=True)
class AgentsResponse(Model):
    data: AgentList
