"""What documentation agents need from the outside world beside `jobs.core.ports`.

Every method may raise `UnavailableError`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jobs.core.job import Job, JobRef
from jobs.core.ports import IdempotencyKey
from jobs.docs.docs_job import DocsJob, Project
from jobs.docs.output import OutputEvent
from jobs.kit.clock import Millis


class ProjectRegistry(Protocol):
    def project(self, tenant: str, project_id: str) -> Project:
        """Return a project of this organisation, or raise `ProjectNotFoundError`."""


class DocsJobs(Protocol):
    """What these jobs need of their table beyond a `JobRepository`."""

    def follow(self, job: Job, *, after: str | None, key: IdempotencyKey | None = None) -> JobRef:
        """Store a follow-up as its root's latest, both or neither; return its ref, or the key's.

        Raises `StaleJobError` if the root's latest is not `after`, `JobNotFoundError` if there is
        no root, `IdempotencyConflictError` if the key came with another request.
        """

    def of_project(self, tenant: str, project: str, *, skip: int, take: int) -> Sequence[JobRef]:
        """Return a project's jobs but for follow-ups, newest first; the newest may be missing."""

    def headers(self, refs: Sequence[JobRef]) -> Sequence[Job]:
        """Return those that are there, in any order, without what they were asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputItem:
    """Some events in their order. `number` rises by one from 1; `end`: nothing follows."""

    number: int
    events: Sequence[OutputEvent]
    end: bool = False


class OutputLog(Protocol):
    """A job's output, item by item, for as long as the job can be read."""

    def append(self, ref: JobRef, item: OutputItem, *, expires_at: Millis) -> None:
        """Store an item once; storing the same number again changes nothing."""

    def read(self, ref: JobRef, *, since: int) -> Sequence[OutputItem]:
        """Return the items numbered `since` and above, without holes, as far as they are there."""


class Branches(Protocol):
    """One job at a time works on a branch (`jobs.docs.docs_job.branch_of`)."""

    def take(self, tenant: str, branch: str, job_id: str, *, until: Millis) -> bool:
        """Take or keep its lock; False while another job has it."""

    def release(self, tenant: str, branch: str, job_id: str) -> None:
        """Give the lock back; without effect if it is another's."""

    def next(self, tenant: str, branch: str) -> JobRef | None:
        """Return the oldest job that is queued for the branch; one that was just may be missing."""


class Output(Protocol):
    """Where a running agent's events go."""

    def __call__(self, event: OutputEvent) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """`args` is None where the model's arguments were no JSON object."""

    id: str
    name: str
    args: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a model said in one round. `reason` as in `jobs.docs.output`."""

    text: str
    calls: Sequence[ToolCall]
    reason: str
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """`parameters` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


type Message = Mapping[str, Any]
"""{"role": "system" | "user" | "assistant", "content": str}, an assistant's with "calls":
[ToolCall], or {"role": "tool", "id": tool call's, "content": str}."""


class ToolModel(Protocol):
    def turn(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool],
        *,
        say: Callable[[str], None],
        deadline: Millis,
    ) -> Turn:
        """Have the model say its next turn, `say`ing text as it comes. Raises `UpstreamError`."""


class Checkout(Protocol):
    """A branch of a repository, and the changes to it that are not pushed yet."""

    def files(self, folder: str = "") -> Iterator[str]:
        """Name the regular files below a folder, in order."""

    def read(self, path: str) -> bytes:
        """Return a file's content. Raises `FileNotFoundError`, `PathRefusedError`."""

    def write(self, path: str, content: bytes) -> None:
        """Raises `PathRefusedError`."""

    def delete(self, path: str) -> None:
        """Raises `FileNotFoundError`, `PathRefusedError`."""

    def changed(self) -> bool: ...

    def published(self) -> bool:
        """Tell whether the branch is at its host, and has more than the default one."""

    def push(self, message: str) -> str:
        """Commit and push, on a branch rebased once if need be; return the commit's id.

        Raises `UpstreamError`, `CredentialsRefusedError`.
        """


class Repositories(Protocol):
    def open(self, project: Project, branch: str) -> Checkout:
        """Fetch the branch, or the default one it is to begin at.

        Raises `UpstreamError`, `CredentialsRefusedError`.
        """


class PullRequests(Protocol):
    def open(self, project: Project, branch: str, *, title: str, body: str, draft: bool) -> str:
        """Return the branch's pull request, new or as it was: its address.

        Raises `UpstreamError`, `CredentialsRefusedError`.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How an agent ended: what it tells the user, how it would call its change, what it took."""

    message: str
    summary: str
    tokens_in: int = 0
    tokens_out: int = 0


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
    ) -> Written:
        """Work on the checkout. Raises `UpstreamError`."""


class Note(Protocol):
    def __call__(self, **changes: Any) -> None:
        """Store changes of the docs_job's title, todos or message."""
