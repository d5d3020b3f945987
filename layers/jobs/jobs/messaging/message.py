"""A message job's details, and its path in the API."""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID, uuid5

from jobs.core.job import Job, JobRef
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis

KIND: Final = "messaging"
MAX_TIMEOUT: Final[Millis] = 300_000
MAX_WORKER_TIMEOUT: Final[Millis] = 3_600_000
"""Of jobs of agents of provider `worker`, if the agent allows it."""
MAX_AGE: Final[Millis] = MAX_TIMEOUT + 60_000
"""After this time, a message has ended or waits for workers, although nobody may know it yet."""
UNCLAIMED_AFTER: Final[Millis] = 60_000
"""Jobs that wait longer for a worker are reported: the agent's workers may all be gone."""
_MIN_WAIT: Final[Millis] = 20_000
"""The same for jobs that end earlier. A worker that runs claims a job within seconds."""
JOB_PATH: Final = "/api/messaging/jobs/{id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a worker says that it is."""

    percent: float | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerTask:
    """What only a job has that programs of the tenant's own answer.

    While it is QUEUED, or RUNNING without a lease, any of the agent's workers may claim it.
    """

    max_attempts: int
    progress: Progress | None = None
    output_from: int = 1
    """The number of the first item of output that the last claim may write."""
    next_output: int = 1
    said: int = 0
    """Characters in the output of the last claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`session`: the id of the message's session, or None."""

    session: str | None = None
    task: WorkerTask | None = None


def answer_id(job: Job) -> str:
    """Return the id of the job's answer, which is known before there is one."""
    return str(uuid5(UUID(job.id), "answer"))


def session_of(job: Job) -> str | None:
    """Return the id of the message's session, if any. Raises `TypeError` for other kinds."""
    match job:
        case Job(details=Message(session=session)):
            return session
        case Job(kind=kind, details=None) if kind == KIND:
            return None
    raise TypeError(f"job {job.id} is not a message")


def task_of(job: Job) -> WorkerTask | None:
    """Return the message's task for workers, or None if the server itself asks the agent."""
    return job.details.task if isinstance(job.details, Message) else None


def with_task(job: Job, task: WorkerTask) -> Job:
    return replace(job, details=Message(session=session_of(job), task=task))


def claimable_at(job: Job) -> Millis | None:
    """Return from when workers may claim the job; None: it has no task, or has ended."""
    if task_of(job) is None or job.status.is_terminal:
        return None
    return job.lease_until if job.status is JobStatus.RUNNING else job.changed_at


def first_check(job: Job) -> Millis:
    """Return when the job's timer goes off first: before its deadline, to find unclaimed jobs.

    Each job has this timer in any case, and few jobs last so long that it has to go off again.
    """
    return min(job.deadline, job.created_at + UNCLAIMED_AFTER)


def next_check(ref: JobRef, deadline: Millis, now: Millis) -> Millis:
    """Return when the timer of a job that has not ended goes off again.

    Each minute: an alarm on unclaimed jobs stays on, and no message waits in SQS for longer, so the
    age of its queue's messages tells of trouble.
    """
    return min(deadline, now + UNCLAIMED_AFTER) if ref.kind == KIND else deadline


def is_unclaimed(job: Job, now: Millis) -> bool:
    """Return whether the job has waited for a worker for so long that none may be there."""
    since = claimable_at(job)
    return since is not None and now - since >= _MIN_WAIT
