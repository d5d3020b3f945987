"""Jobs that write documentation on a git branch, and the projects that they write for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from jobs.core.job import Job
from jobs.kit.clock import Millis

KIND: Final = "docs"
JOB_PATH: Final = "/v2/agent/{project}/job/{id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A documentation repository. `credentials_secret` names a secret: `{"username", "password"}`.

    `provider` is who writes: `scripted`, `openai` or `bedrock`; `models` are its
    names for `sonnet` and `opus`. `pull_requests` is `owner/name` on GitHub, if
    pull requests are wanted there.
    """

    id: str
    tenant: str
    repository: str
    default_branch: str = "main"
    folder: str = ""
    subdomain: str = ""
    provider: str = "scripted"
    models: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    credentials_secret: str | None = None
    pull_requests: str | None = None


class TodoStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Priority(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    id: str
    content: str
    status: TodoStatus = TodoStatus.PENDING
    priority: Priority = Priority.MEDIUM


@dataclass(frozen=True, slots=True, kw_only=True)
class DocsJob:
    """The half of such a job that is small, or changes while the agent works.

    `branch` is where it writes; `model` is `sonnet` or `opus`. `root` is the job
    that a follow-up belongs to, `follows` the one that it must wait for; `latest`
    is a root's last follow-up. `misconfigured`: the repository's host refused our
    credentials.
    """

    project: str
    branch: str
    model: str
    repository: str
    draft: bool = False
    root: str | None = None
    follows: str | None = None
    latest: str | None = None
    title: str = ""
    message: str = ""
    pull_request: str = ""
    misconfigured: bool = False
    todos: tuple[Todo, ...] = ()


def docs_job_of(job: Job) -> DocsJob:
    """Return the details of a docs job. Raises `TypeError` for a job of another kind."""
    if not isinstance(job.details, DocsJob):
        raise TypeError(f"job {job.id} is not a docs job")
    return job.details


def with_docs_job(job: Job, **changes: Any) -> Job:
    return replace(job, details=replace(docs_job_of(job), **changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A job that was asked for, and the last of its follow-ups: itself, if it has none."""

    project: Project
    root: Job
    latest: Job


def branch_of(job: Job) -> str:
    """Name the branch among all of the organisation's: its jobs are done one at a time."""
    docs_job = docs_job_of(job)
    return f"{docs_job.project}:{docs_job.branch}"


LONGEST_WAIT: Final[Millis] = 3600_000
"""From a job's creation to its end, whatever it has waited for."""

LONGEST_JOB: Final[Millis] = 14 * 60_000
"""The worker is one Lambda call, which may take 15 minutes."""
