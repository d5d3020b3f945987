"""A message job's details, and where its API answers."""

from dataclasses import dataclass
from typing import Final

from jobs.core.job import Job

KIND: Final = "messaging"
JOB_PATH: Final = "/api/messaging/jobs/{id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`session` is the id of the session that the message belongs to, if it belongs to one."""

    session: str | None = None


def session_of(job: Job) -> str | None:
    """Return the id of a message's session. Raises `TypeError` for a job of another kind."""
    match job:
        case Job(details=Message(session=session)):
            return session
        case Job(kind=kind, details=None) if kind == KIND:
            return None
    raise TypeError(f"job {job.id} is not a message")
