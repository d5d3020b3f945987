"""Run a docs job: claim it and its branch, run the agent, push its changes."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any, Final

from jobs.core.attempt import HEARTBEAT_S, LEASE_MS, Attempt
from jobs.core.change_job import change_job
from jobs.core.errors import (
    DuplicateMessageError,
    JobEndedError,
    JobNotFoundError,
    StaleJobError,
)
from jobs.core.failure import Failure
from jobs.core.job import Job, JobRef
from jobs.core.log_failure import log_failure
from jobs.core.output_log import OutputLog, next_number
from jobs.core.ports import Delivery, JobRepository
from jobs.core.status import JobStatus
from jobs.core.tokens import Tokens
from jobs.core.write_output import OutputWriter
from jobs.docs.docs_job import (
    ATTEMPT_TIMEOUT_MS,
    KIND,
    DocsJob,
    Project,
    branch_key,
    docs_job_of,
    failure_text,
    todos_of,
    with_docs_job,
)
from jobs.docs.errors import (
    BranchRefusedError,
    CredentialsRefusedError,
    ProjectNotFoundError,
    UnfinishedError,
)
from jobs.docs.output import todos_event
from jobs.docs.ports import (
    AgentResult,
    Branches,
    Message,
    Output,
    ProjectRegistry,
    PullRequests,
    Repositories,
    Writer,
)
from jobs.kit.clock import Clock
from jobs.kit.errors import FailureClass, RefusedError, UnavailableError, UpstreamError
from jobs.kit.heartbeat import OutOfTimeError, run_with_heartbeat
from jobs.kit.output.events import RESTARTED, OutputEvent

UNCHANGED: Final = "No file was changed."
_MAX_THREAD_LENGTH: Final = 20
_MAX_MESSAGE_LENGTH: Final = 60_000
"""Characters of the agent's message, which is stored in the job's header: one item of up to 400 KB.
"""
_SAVE_RETRY_DELAYS_S: Final = (0.2, 1.0, 3.0)


class AttemptOutcome(StrEnum):
    """How an attempt ended."""

    WRITTEN = "written"
    FAILED = "failed"
    WAITS = "waiting for branch"
    NOT_NEEDED = "not needed"
    DUPLICATE = "duplicate message"
    TOO_LATE = "too late"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDocsJob:
    repository: JobRepository
    branches: Branches
    projects: ProjectRegistry
    repositories: Repositories
    pull_requests: PullRequests
    log: OutputLog
    write: Writer
    clock: Clock
    sleep: Callable[[float], None]

    def __call__(self, ref: JobRef, delivery: Delivery) -> AttemptOutcome:
        """Make one attempt. Raises `JobLeasedError` while another worker runs the job.

        Sends no message: `DocsKind.follow` starts the next job of the branch. AWS Lambda stops a
        chain of messages from queue to function to the same queue at the 17th:
        https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
        """
        attempt = Attempt(repository=self.repository, delivery=delivery, clock=self.clock)
        attempt.hold_message()
        try:
            job = self.repository.get(ref)
            if job.as_of(self.clock()).status.is_terminal:
                return AttemptOutcome.NOT_NEEDED
            if not self._has_turn(job):
                return AttemptOutcome.WAITS
            job = attempt.claim(ref)
        except (JobEndedError, JobNotFoundError):
            return AttemptOutcome.NOT_NEEDED
        except DuplicateMessageError:
            return AttemptOutcome.DUPLICATE
        try:
            return _DocsAttempt(self, job, attempt).run()
        except (JobEndedError, StaleJobError):
            return AttemptOutcome.TOO_LATE
        except UnavailableError:
            raise  # an outage gets the rest of the lease to pass
        except Exception:
            attempt.give_up(job)
            raise
        finally:
            self.branches.release(job.tenant, branch_key(job), job.id)

    def _has_turn(self, job: Job) -> bool:
        """Acquire the branch, or queue the job and try once more."""
        if self._acquire_branch(job):
            return True
        if job.status is JobStatus.PENDING:
            change_job(self.repository, job.ref, self._queued)
            return self._acquire_branch(job)
        return False

    def _acquire_branch(self, job: Job) -> bool:
        if self._must_wait(docs_job_of(job), job.tenant):
            return False
        until = self.clock() + LEASE_MS
        return self.branches.acquire(job.tenant, branch_key(job), job.id, until=until)

    def _must_wait(self, docs_job: DocsJob, tenant: str) -> bool:
        if docs_job.follows is None:
            return False
        try:
            before = self.repository.get(JobRef(tenant=tenant, kind=KIND, id=docs_job.follows))
        except JobNotFoundError:
            return False
        return not before.as_of(self.clock()).status.is_terminal

    def _queued(self, job: Job) -> Job:
        return job.enqueue(now=self.clock()) if job.status is JobStatus.PENDING else job


class _DocsAttempt:
    """One worker's attempt at a job that it has claimed."""

    def __init__(self, run: RunDocsJob, job: Job, attempt: Attempt) -> None:
        self._run = run
        self._job = job
        self._attempt = attempt
        self._is_over = False

    def run(self) -> AttemptOutcome:
        number = next_number(self._run.log, self._job.ref)
        with OutputWriter(self._run.log, self._job, number=number) as emit:
            if number == 1:
                emit({"t": "start", "id": self._job.id})
            else:
                emit(RESTARTED)
            try:
                run_with_heartbeat(
                    partial(self._work, self._counting_tokens(emit)),
                    beat=self._heartbeat,
                    every_s=HEARTBEAT_S,
                    timeout_s=min(self._job.deadline - self._run.clock(), ATTEMPT_TIMEOUT_MS)
                    / 1000,
                )
            except OutOfTimeError:
                return self._failed(
                    emit, UpstreamError("The agent took too long", FailureClass.TIMEOUT)
                )
            except ProjectNotFoundError:
                return self._failed(
                    emit,
                    UpstreamError("The project is no longer registered", FailureClass.NOT_FOUND),
                )
            except (UpstreamError, RefusedError) as error:  # also of a secret or the output
                return self._failed(emit, error)
            finally:
                self._is_over = True
            emit.flush()
            self._save(self._job.succeed({}, now=self._run.clock()))
            emit.end({"t": "finish", "reason": "stop", **self._tokens()})
            return AttemptOutcome.WRITTEN

    def _counting_tokens(self, emit: Output) -> Output:
        """Count the tokens of each step, also of those before a failure.

        The job's next save stores them; a crash or a cancel loses those since the last one.
        """

        def count_and_emit(event: OutputEvent) -> None:
            self._require_time()
            if event["t"] == "step-finish":
                self._job = self._job.spend(Tokens.parse(event["in"], event["out"]))
            emit(event)

        return count_and_emit

    def _work(self, emit: Output) -> None:
        run, thread = self._run, self._thread()
        if thread:
            before = docs_job_of(thread[-1])
            self._note(title=before.title, pull_request=before.pull_request)
        docs_job = docs_job_of(self._job)
        project = run.projects.project(self._job.tenant, docs_job.project)
        checkout = run.repositories.open(project, docs_job.branch)
        project = replace(project, default_branch=checkout.default_branch)
        if not project.allows_branch(docs_job.branch):  # not known when the job was created
            raise UpstreamError(str(BranchRefusedError(docs_job.branch)), FailureClass.REFUSED)
        result = run.write(
            project,
            docs_job,
            conversation(thread, self._job),
            checkout,
            job_id=self._job.id,
            emit=emit,
            note=self._note,
            deadline=self._job.deadline,
        )
        self._note(message=result.message[:_MAX_MESSAGE_LENGTH])
        if checkout.changed():
            commit = checkout.push(result.summary)
            self._note(pushed=True)
            emit({"t": "data", "name": "commit", "data": {"branch": docs_job.branch, "id": commit}})
            self._open_pull_request(project, result, emit)
        elif self._job.attempt > 1 and checkout.published():
            # The previous attempt crashed between its push and the pull request.
            self._note(pushed=True)
            self._open_pull_request(project, result, emit)
        else:
            message = f"{result.message[:_MAX_MESSAGE_LENGTH]}\n\n{UNCHANGED}".lstrip()
            self._note(message=message, branchless=not checkout.exists())
            emit({"t": "data", "name": "unchanged", "data": {}})

    def _open_pull_request(self, project: Project, result: AgentResult, emit: Output) -> None:
        docs_job = docs_job_of(self._job)
        if project.pull_requests is None or docs_job.branch == project.default_branch:
            return
        try:
            link = self._run.pull_requests.open(
                project,
                docs_job.branch,
                title=docs_job.title or result.summary,
                body=result.message,
                draft=docs_job.draft,
            )
        except UpstreamError as error:
            done = f"The changes are on the branch {docs_job.branch}, without a pull request. "
            error.args = (f"{done}{error}",)
            raise
        self._note(pull_request=link)
        emit({"t": "data", "name": "pull-request", "data": {"url": link}})

    def _failed(self, emit: OutputWriter, error: UpstreamError | RefusedError) -> AttemptOutcome:
        failure = Failure.of(error)
        misconfigured = isinstance(error, CredentialsRefusedError)
        stopped = error.reason if isinstance(error, UnfinishedError) else "error"
        job = with_docs_job(self._job, misconfigured=misconfigured)
        self._save(job.fail(failure, now=self._run.clock()))
        log_failure(job.ref, error)
        todos = todos_of(self._job)
        emit.end(
            *([todos_event(todos)] if todos else []),
            {"t": "error", "error": failure.reason},
            {"t": "finish", "reason": stopped, **self._tokens()},
        )
        return AttemptOutcome.FAILED

    def _tokens(self) -> Mapping[str, int]:
        return {"in": self._job.tokens.read, "out": self._job.tokens.written}

    def _require_time(self) -> None:
        """End the thread of an agent whose attempt is over: nothing else does.

        Raises `StaleJobError`.
        """
        if self._is_over:
            raise StaleJobError(self._job.id)

    def _note(self, **changes: Any) -> None:
        """Save changes of the details. Renew the lease, to keep the heartbeat's renewal."""
        self._require_time()
        self._save(
            replace(with_docs_job(self._job, **changes), lease_until=self._run.clock() + LEASE_MS)
        )

    def _save(self, job: Job) -> None:
        """Save the job. Retry when the table throttles, so as not to lose finished work."""
        for pause in _SAVE_RETRY_DELAYS_S:
            try:
                self._run.repository.save(job, replacing=self._job)
            except UnavailableError:
                self._run.sleep(pause)
            else:
                break
        else:
            self._run.repository.save(job, replacing=self._job)
        self._job = job

    def _heartbeat(self) -> None:
        self._attempt.heartbeat(self._job)
        until = self._run.clock() + LEASE_MS
        with suppress(UnavailableError):  # the branch remains taken for two more heartbeats
            self._run.branches.acquire(
                self._job.tenant, branch_key(self._job), self._job.id, until=until
            )

    def _thread(self) -> list[Job]:
        """Return the jobs that this one follows, oldest first."""
        jobs = [self._job]
        while (before := docs_job_of(jobs[0]).follows) and len(jobs) < _MAX_THREAD_LENGTH:
            ref = JobRef(tenant=self._job.tenant, kind=KIND, id=before)
            try:
                jobs.insert(0, self._run.repository.get(ref))
            except JobNotFoundError:
                break
        return jobs[:-1]


def conversation(thread: Sequence[Job], job: Job) -> list[Message]:
    """Return the messages of the earlier jobs, followed by those of this job."""
    messages: list[Message] = []
    for before in thread:
        messages += before.request["messages"]
        message = docs_job_of(before).message
        if reason := failure_text(before):  # not to believe that its work is there
            message = f"{message}\n\nThis failed: {reason}".lstrip()
        if message:
            messages.append({"role": "assistant", "content": message})
    return [*messages, *job.request["messages"]]
