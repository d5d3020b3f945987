"""A message job's details, and its path in the API."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from jobs.core.job import Job
from jobs.kit.clock import Millis

KIND: Final = "messaging"
MAX_TIMEOUT: Final[Millis] = 300_000
MAX_AGE: Final[Millis] = MAX_TIMEOUT + 60_000
"""After this time, a message has ended, although a worker may still notice it."""
JOB_PATH: Final = "/api/messaging/jobs/{id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`session`: the id of the message's session, or None."""

    session: str | None = None


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
