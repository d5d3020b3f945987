"""Docs jobs, which write documentation on a git branch, and their projects."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis

KIND: Final = "docs"
JOB_PATH: Final = "/v2/agent/{project}/job/{id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A documentation repository.

    `provider` is `scripted`, `openai` or `bedrock`. `models` maps `sonnet` and `opus` to the
    provider's model names. `credentials_secret` is the name of a secret with the content
    `{"username", "password"}`. `pull_requests` is the GitHub repository (`owner/name`) for pull
    requests, or None. Without `default_branch`, the repository's HEAD names it, which only a
    running job knows. Agents push to the default branch, or change files whose path has a part
    with a leading dot, only if the project allows it: such files configure CI and other tools.
    """

    id: str
    tenant: str
    repository: str
    default_branch: str | None = None
    folder: str = ""
    subdomain: str = ""
    provider: str = "scripted"
    models: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    credentials_secret: str | None = None
    pull_requests: str | None = None
    allows_default_branch: bool = False
    allows_hidden_files: bool = False

    def allows_branch(self, branch: str) -> bool:
        return self.allows_default_branch or branch != self.default_branch


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
    """The details of a docs job.

    `model` is `sonnet` or `opus`. A follow-up has `root`, the first job of its conversation, and
    `follows`, the job that it waits for. A root has `latest`, its last follow-up. All three are
    job ids. `misconfigured` means that the git host rejected the project's credentials, `pushed`
    that the host has the job's changes, `branchless` that the job ended without need of a branch.
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
    pushed: bool = False
    branchless: bool = False
    todos: tuple[Todo, ...] = ()


def docs_job_of(job: Job) -> DocsJob:
    """Return the details of a docs job. Raises `TypeError` for a job of another kind."""
    if not isinstance(job.details, DocsJob):
        raise TypeError(f"job {job.id} is not a docs job")
    return job.details


def with_docs_job(job: Job, **changes: Any) -> Job:
    return replace(job, details=replace(docs_job_of(job), **changes))


def todos_of(job: Job) -> tuple[Todo, ...]:
    """Return the todos. Without success, those are cancelled whose result nobody can have."""
    details = docs_job_of(job)
    if not job.status.is_terminal or job.status is JobStatus.SUCCEEDED:
        return details.todos
    return tuple(
        todo
        if details.pushed and todo.status is TodoStatus.COMPLETED
        else replace(todo, status=TodoStatus.CANCELLED)
        for todo in details.todos
    )


def failure_text(job: Job) -> str:
    """Return why the job ended without success, or nothing."""
    match job.status:
        case JobStatus.TIMED_OUT:
            return "The job took too long"
        case JobStatus.CANCELLED:
            return "The job was cancelled"
        case _:
            return job.error or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A root job and its last follow-up. `latest` is the root itself if it has none."""

    project: Project
    root: Job
    latest: Job


def branch_key(job: Job) -> str:
    """Return the key of the job's branch, unique in the tenant. One job at a time runs on it."""
    docs_job = docs_job_of(job)
    return f"{docs_job.project}:{docs_job.branch}"


JOB_TIMEOUT_MS: Final[Millis] = 3600_000
"""From a job's creation to its end, time in queues included."""

ATTEMPT_TIMEOUT_MS: Final[Millis] = 14 * 60_000
"""An attempt is one Lambda invocation, which is limited to 15 minutes."""
