"""A message job's details, and its path in the API."""

from dataclasses import dataclass
from typing import Final

from jobs.core.job import Job

KIND: Final = "messaging"
JOB_PATH: Final = "/api/messaging/jobs/{id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`session`: the id of the message's session, or None."""

    session: str | None = None


def session_of(job: Job) -> str | None:
    """Return the id of the message's session, if any. Raises `TypeError` for other kinds."""
    match job:
        case Job(details=Message(session=session)):
            return session
        case Job(kind=kind, details=None) if kind == KIND:
            return None
    raise TypeError(f"job {job.id} is not a message")
