"""Docs jobs on in-memory adapters, with a scripted agent."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.ids import new_job_id
from jobs.core.job import Job, JobRef
from jobs.docs.adapters.sqlite import SqliteBranches
from jobs.docs.docs_job import KIND, DocsJob, Project
from jobs.docs.errors import ProjectNotFoundError
from jobs.docs.free_branch import FreeBranch
from jobs.docs.ports import AgentResult
from jobs.docs.run_docs_job import AttemptOutcome, RunDocsJob
from tests.databases import Jobs, empty_database
from tests.fakes.memory import Outbox
from tests.support import HOUR, FrozenClock
from tests.unit.support import Receipt

TENANT = "acme"
PROJECT = Project(id="p", tenant=TENANT, repository="https://git.example/docs")


class Checkout:
    """A branch that records only changes and pushes."""

    default_branch: str | None = "main"
    is_there = False

    def __init__(self, *, changed: bool = True) -> None:
        self._changed = changed
        self.is_published = False
        self.pushed: list[str] = []

    def changed(self) -> bool:
        return self._changed

    def exists(self) -> bool:
        return self.is_there

    def published(self) -> bool:
        return self.is_published

    def push(self, message: str) -> str:
        self.pushed.append(message)
        return "c0ffee"


class DocsWorld:
    """`agent` runs in place of the agent, with `emit` and `note` among its arguments."""

    def __init__(self) -> None:
        self.clock = FrozenClock()
        self.repository = Jobs(self.clock)
        self.branches = SqliteBranches(self.repository.database, self.clock)
        self.outbox = Outbox()
        self.log = SqliteOutputLog(empty_database())
        self.checkout = Checkout()
        self.project: Project | None = PROJECT
        self.agent: Callable[..., Any] = lambda **_: None
        self.runs: list[Any] = []
        self.slept: list[float] = []
        self.pull_requests: list[Any] = []
        self.pull_request_error: Exception | None = None
        self.receipt = Receipt()
        self.deliveries: Counter[JobRef] = Counter()
        self.free = FreeBranch(branches=self.branches, queue=self.outbox)
        self._run = RunDocsJob(
            repository=self.repository,
            branches=self.branches,
            projects=_Projects(self),
            repositories=self,
            pull_requests=_PullRequests(self),
            log=self.log,
            write=self._write,
            clock=self.clock,
            sleep=self.slept.append,
        )

    def create(self, *, branch: str = "docs/x", prompt: str = "Write", **session: Any) -> JobRef:
        self.clock.advance(1)
        now = self.clock()
        about = {"project": "p", "branch": branch, "model": "sonnet", "repository": "r"}
        job = Job(
            id=new_job_id(now),
            tenant=TENANT,
            kind=KIND,
            request={"messages": [{"role": "user", "content": prompt}]},
            created_at=now,
            changed_at=now,
            deadline=now + HOUR,
            retention=24 * HOUR,
            details=DocsJob(**about | session),
        )
        return self.repository.add(job)

    def run(self, ref: JobRef, *, count: int | None = None) -> AttemptOutcome:
        """Deliver the job's message, once more unless `count` says otherwise."""
        self.deliveries[ref] += 1
        self.receipt = Receipt(count or self.deliveries[ref])
        return self._run(ref, self.receipt)

    def follow(self, ref: JobRef) -> None:
        """Do what `dispatch_jobs` does after the end of a job."""
        self.free(self.job(ref))

    def job(self, ref: JobRef) -> Job:
        return self.repository.get(ref)

    def events_of(self, ref: JobRef) -> list[Any]:
        return [event for item in self.log.read(ref, since=1) for event in item.events]

    def ended(self, ref: JobRef) -> bool:
        items = self.log.read(ref, since=1)
        return bool(items) and items[-1].end

    # ── Ports of the use case ──

    def the_project(self) -> Project:
        if self.project is None:
            raise ProjectNotFoundError
        return self.project

    def open(self, project: Project, branch: str) -> Checkout:
        return self.checkout

    def _write(self, *runs: Any, **tools: Any) -> AgentResult:
        self.runs.append(runs)
        answer = self.agent(**tools)
        return answer or AgentResult(message="Done", summary="Write docs")


class _PullRequests:
    def __init__(self, world: DocsWorld) -> None:
        self._world = world

    def open(self, project: Project, branch: str, **about: Any) -> str:
        if self._world.pull_request_error is not None:
            raise self._world.pull_request_error
        self._world.pull_requests.append((branch, about))
        return "https://git.example/docs/pull/1"


class _Projects:
    def __init__(self, world: DocsWorld) -> None:
        self._world = world

    def project(self, tenant: str, project_id: str) -> Project:
        return self._world.the_project()
