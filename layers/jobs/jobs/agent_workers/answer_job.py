"""What the worker that has claimed a job does with it: heartbeat, complete, fail."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from jobs.agent_workers.errors import EndedForWorkerError, InvalidAnswerError, StaleAttemptError
from jobs.agent_workers.lease import LEASE
from jobs.auth.api_key import ALL_AGENTS
from jobs.core.errors import JobNotFoundError, StaleJobError
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass, RefusedError, UpstreamError
from jobs.kit.retry import retry_on_conflict
from jobs.messaging.message import Progress, WorkerTask, task_of, with_task
from jobs.messaging.ports import Answer
from jobs.messaging.run_agent_job import end_job

MAX_BACKOFF_S: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The job that a worker says it has claimed.

    `agents` are those of its key. `attempt` is the fence: any later claim has a higher one.
    """

    ref: JobRef
    agents: Collection[str]
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerJob:
    """Each method raises `JobNotFoundError`, `EndedForWorkerError` or `StaleAttemptError`.

    Then the worker has lost the job, and nothing has changed.
    """

    repository: JobRepository
    to_answer: Callable[[Any, Any], Answer]
    clock: Clock

    def heartbeat(self, held: Held, progress: Progress | None) -> Millis:
        """Renew the lease, and return its end."""
        return retry_on_conflict(partial(self._heartbeat, held, progress), StaleJobError)

    def complete(self, held: Held, content: Any, metadata: Any) -> None:
        """End the job with an answer. Idempotent for the same attempt and content.

        Raises `InvalidAnswerError`.
        """
        retry_on_conflict(partial(self._complete, held, content, metadata), StaleJobError)

    def fail(self, held: Held, error: str) -> None:
        """End the job without an answer."""
        retry_on_conflict(partial(self._fail, held, error), StaleJobError)

    def retry(self, held: Held, error: str, after_s: int | None) -> Millis | None:
        """Let any worker claim the job later. Return when, or None: it was the last attempt."""
        return retry_on_conflict(partial(self._retry, held, error, after_s), StaleJobError)

    def _heartbeat(self, held: Held, progress: Progress | None) -> Millis:
        job, task = self._read(held)
        lease_until = min(self.clock() + LEASE, job.deadline)
        renewed = job.renewed(lease_until)
        if progress:
            renewed = with_task(renewed, replace(task, progress=progress))
        self.repository.save(renewed, replacing=job)
        return lease_until

    def _complete(self, held: Held, content: Any, metadata: Any) -> None:
        try:
            job, _ = self._read(held)
        except EndedForWorkerError:
            if self._is_repeat(held, content):
                return
            raise
        try:
            answer = self.to_answer(content, metadata)
            self.repository.save(end_job(job, answer, now=self.clock()), replacing=job)
        except (UpstreamError, RefusedError) as error:
            raise InvalidAnswerError(str(error)) from error

    def _is_repeat(self, held: Held, content: Any) -> bool:
        """Return whether the job has ended with this very answer, of which the caller was not told.

        Only one attempt can have ended it: the last.
        """
        job = self.repository.get(held.ref)
        if job.attempt != held.attempt or job.result is None:
            return False
        try:
            repeated = self.to_answer(content, None)
        except UpstreamError:
            return False
        return bool(repeated.content == job.result["content"])

    def _fail(self, held: Held, error: str) -> None:
        job, _ = self._read(held)
        lines = error.strip().splitlines()
        reason = UpstreamError(lines[0] if lines else "The agent failed", FailureClass.REFUSED)
        self.repository.save(end_job(job, reason, now=self.clock()), replacing=job)

    def _retry(self, held: Held, error: str, after_s: int | None) -> Millis | None:
        job, task = self._read(held)
        if job.attempt >= task.max_attempts:
            self._fail(held, error)
            return None
        backoff_s = min(2 ** (job.attempt - 1), MAX_BACKOFF_S)
        retry_at = self.clock() + 1000 * (backoff_s if after_s is None else after_s)
        self.repository.save(job.renewed(retry_at), replacing=job)
        return retry_at

    def _read(self, held: Held) -> tuple[Job, WorkerTask]:
        job = self.repository.get(held.ref).as_of(self.clock())
        task = task_of(job)
        if task is None or not {ALL_AGENTS, job.request["agentId"]} & {*held.agents}:
            raise JobNotFoundError(job.id)
        if job.status.is_terminal:
            raise EndedForWorkerError(job.status)
        if job.attempt != held.attempt:
            raise StaleAttemptError(job.id)
        return job, task
