"""The ports of docs jobs. They add to `jobs.core.ports`.

Every method may raise `UnavailableError`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from jobs.core.job import Job, JobRef
from jobs.core.ports import IdempotencyKey
from jobs.docs.docs_job import DocsJob, Project
from jobs.kit.clock import Millis
from jobs.kit.llm.reason import Reason
from jobs.kit.output.events import OutputEvent


class ProjectRegistry(Protocol):
    def project(self, tenant: str, project_id: str) -> Project:
        """Return a project of the tenant, or raise `ProjectNotFoundError`."""


class DocsJobs(Protocol):
    """The access to docs jobs that a `JobRepository` does not offer."""

    def follow(self, job: Job, *, after: str | None, key: IdempotencyKey | None = None) -> JobRef:
        """Store a follow-up and make it its root's latest, atomically. Idempotent by `key`.

        Returns the ref of the follow-up, or of the first job with the same key. Raises
        `StaleJobError` if the root's latest is not `after`, `JobNotFoundError` if there is no
        root, `IdempotencyConflictError` if the key was used with another request.
        """

    def list_by_project(
        self, tenant: str, project: str, *, skip: int, take: int
    ) -> Sequence[JobRef]:
        """Return a project's root jobs, newest first. Eventually consistent."""

    def headers(self, refs: Sequence[JobRef]) -> Sequence[Job]:
        """Return the existing jobs in any order, without their requests."""


class Chats(Protocol):
    """The latest job of each chat. Clients choose the ids of chats; a project has its own."""

    def put(self, chat: str, job: Job) -> None:
        """Make a job its chat's latest, unless the chat has a later one. Idempotent."""

    def latest(self, tenant: str, project: str, chat: str) -> JobRef | None:
        """Return the chat's latest job, which may be gone."""


class Branches(Protocol):
    """Locks on branches (`jobs.docs.docs_job.branch_key`): one job at a time runs on a branch."""

    def acquire(self, tenant: str, branch: str, job_id: str, *, until: Millis) -> bool:
        """Acquire or extend the lock. Return False if another job holds it."""

    def release(self, tenant: str, branch: str, job_id: str) -> None:
        """Release the lock. Without effect if another job holds it."""

    def next(self, tenant: str, branch: str) -> JobRef | None:
        """Return the oldest queued job of the branch. Eventually consistent."""


class Output(Protocol):
    """The destination of a running agent's events."""

    def __call__(self, event: OutputEvent) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A model's call of a tool.

    `args` is None if the arguments were not a JSON object: then `raw` is the model's text, and
    `problem` what is wrong with it. `extra` is what the provider wants back with the call.
    """

    id: str
    name: str
    args: Mapping[str, Any] | None
    raw: str = ""
    problem: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A model's turn. `reasoning` is what the provider wants back with the calls."""

    text: str
    calls: Sequence[ToolCall]
    reason: Reason
    reasoning: str = ""
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that a model may call. `parameters` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


type Message = Mapping[str, Any]
"""{"role": "system" | "user" | "assistant", "content": str}. An assistant's message may have
"calls": [ToolCall] and "reasoning": str. Results of tools:
{"role": "tool", "id": tool call's id, "content": str}."""


class ToolModel(Protocol):
    def turn(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool],
        *,
        emit_text: Callable[[str], None],
        deadline: Millis,
    ) -> Turn:
        """Return the model's next turn. Stream its text to `emit_text`. Raises `UpstreamError`."""


class Checkout(Protocol):
    """A branch of a repository with unpushed changes.

    `default_branch` is the name of the repository's default branch, or None if its HEAD names none.
    """

    default_branch: str | None

    def files(self, folder: str = "") -> Iterator[str]:
        """Yield the paths of the regular files below a folder, in order."""

    def read(self, path: str) -> bytes:
        """Return a file's content. Raises `FileNotFoundError`, `PathRefusedError`."""

    def read_anywhere(self, path: str) -> bytes:
        """Read a file, also outside of the project's folder. No tool of an agent does so."""

    def write(self, path: str, content: bytes) -> None:
        """Raises `PathRefusedError`."""

    def delete(self, path: str) -> None:
        """Raises `FileNotFoundError`, `PathRefusedError`."""

    def changed(self) -> bool: ...

    def exists(self) -> bool:
        """Return whether the git host has the branch."""

    def published(self) -> bool:
        """Return whether the git host has the branch, and it differs from the default branch."""

    def push(self, message: str) -> str:
        """Commit and push. Rebase once if the branch has moved. Return the commit's id.

        Raises `UpstreamError`, `CredentialsRefusedError`.
        """


class Repositories(Protocol):
    def open(self, project: Project, branch: str) -> Checkout:
        """Fetch the branch. If it does not exist, start at the default branch.

        Raises `UpstreamError`, `CredentialsRefusedError`.
        """


class PullRequests(Protocol):
    def open(self, project: Project, branch: str, *, title: str, body: str, draft: bool) -> str:
        """Open a pull request unless the branch has one, and return its URL.

        Raises `UpstreamError`, `CredentialsRefusedError`.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentResult:
    """An agent's message to the user, and the summary for the commit."""

    message: str
    summary: str


class Writer(Protocol):
    def __call__(  # noqa: PLR0913 - all that an agent is about
        self,
        project: Project,
        docs_job: DocsJob,
        messages: Sequence[Message],
        checkout: Checkout,
        *,
        job_id: str,
        emit: Output,
        note: "Note",
        deadline: Millis,
    ) -> AgentResult:
        """Run the agent on the checkout. Raises `UpstreamError`."""


class Note(Protocol):
    def __call__(self, **changes: Any) -> None:
        """Store changes of the docs job's title, todos or message."""
