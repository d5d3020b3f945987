"""What the worker that has claimed a job does with it: heartbeat, complete, fail."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from jobs.agent_workers.errors import (
    EndedForWorkerError,
    InvalidAnswerError,
    InvalidOutputError,
    StaleAttemptError,
)
from jobs.agent_workers.lease import LEASE
from jobs.auth.api_key import ALL_AGENTS
from jobs.core.errors import JobNotFoundError, StaleJobError
from jobs.core.job import Job, JobRef
from jobs.core.output_log import ItemTakenError, OutputLog
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import FailureClass, RefusedError, UpstreamError
from jobs.kit.output.events import OutputItem
from jobs.kit.retry import retry_on_conflict
from jobs.messaging.message import Progress, WorkerTask, task_of, with_task
from jobs.messaging.output import beginning, pieces
from jobs.messaging.ports import Answer
from jobs.messaging.run_agent_job import end_job

MAX_BACKOFF_S: Final = 300
MAX_SAID: Final = 300 * 1024
"""Characters in all pieces of an answer: no answer may be longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The job that a worker says it has claimed.

    `agents` are those of its key. `attempt` is the fence: any later claim has a higher one.
    """

    ref: JobRef
    agents: Collection[str]
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The next piece of an answer. Numbers rise by one, from the claim's `output_from` on."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerJob:
    """Each method raises `JobNotFoundError`, `EndedForWorkerError` or `StaleAttemptError`.

    Then the worker has lost the job, and nothing has changed.
    """

    repository: JobRepository
    log: OutputLog
    to_answer: Callable[[Any, Any], Answer]
    clock: Clock

    def heartbeat(
        self, held: Held, progress: Progress | None = None, piece: Piece | None = None
    ) -> Millis:
        """Renew the lease, and return its end. A piece is stored once.

        Raises `InvalidOutputError`.
        """
        return retry_on_conflict(partial(self._heartbeat, held, progress, piece), StaleJobError)

    def complete(
        self, held: Held, content: Any, metadata: Any = None, piece: Piece | None = None
    ) -> None:
        """End the job with an answer. Idempotent for the same attempt and content.

        Readers of the output get from the answer what no piece has said. Raises
        `InvalidAnswerError`, `InvalidOutputError`.
        """
        retry_on_conflict(partial(self._complete, held, content, metadata, piece), StaleJobError)

    def fail(self, held: Held, error: str) -> None:
        """End the job without an answer."""
        retry_on_conflict(partial(self._fail, held, error), StaleJobError)

    def retry(self, held: Held, error: str, after_s: int | None) -> Millis | None:
        """Let any worker claim the job later. Return when, or None: it was the last attempt."""
        return retry_on_conflict(partial(self._retry, held, error, after_s), StaleJobError)

    def _heartbeat(self, held: Held, progress: Progress | None, piece: Piece | None) -> Millis:
        job, task = self._read(held)
        lease_until = min(self.clock() + LEASE, job.deadline)
        told = _count(task, piece)
        if progress:
            told = replace(told, progress=progress)
        # First, as it is the fence: no other worker can claim the job before the piece is stored.
        self.repository.save(with_task(job.renewed(lease_until), told), replacing=job)
        self._say(job, task, piece)
        return lease_until

    def _say(self, job: Job, task: WorkerTask, piece: Piece | None) -> None:
        if piece is None:
            return
        is_first = piece.number == task.output_from
        first = beginning(job, again=piece.number > 1) if is_first else []
        item = OutputItem(
            number=piece.number, events=[*first, *pieces(piece.text)], attempt=job.attempt
        )
        try:
            self.log.append(job.ref, item, expires_at=job.gone_at)
        except ItemTakenError as error:
            if error.by > job.attempt:
                raise StaleAttemptError(job.id) from error
            # An earlier attempt wrote it while it lost the job. The answer sets readers right.

    def _complete(self, held: Held, content: Any, metadata: Any, piece: Piece | None) -> None:
        try:
            job, task = self._read(held)
        except EndedForWorkerError:
            if self._is_repeat(held, content):
                return
            raise
        try:
            answer = self.to_answer(content, metadata)
            _count(task, piece)
            self._say(job, task, piece)
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


def _count(task: WorkerTask, piece: Piece | None) -> WorkerTask:
    """Return the task with a new piece. A repeated one changes nothing."""
    if piece is None:
        return task
    if not task.output_from <= piece.number <= task.next_output:
        raise InvalidOutputError(f"number must be {task.next_output}, for the next piece of output")
    if piece.number < task.next_output:
        return task
    said = task.said + len(piece.text)
    if said > MAX_SAID:
        raise InvalidOutputError("output is longer than an answer may be, which is 300 KB")
    return replace(task, next_output=piece.number + 1, said=said)
