"""What a worker's function gets, and what it may raise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock
from typing import Any

from sortie_client.workers.models import ClaimedJob, PastMessage


class Retry(Exception):  # noqa: N818 - a request, not a mistake
    """Have the job retried later, by any worker: after so many seconds, or a growing backoff."""

    def __init__(self, reason: str = "", *, after: float | None = None) -> None:
        super().__init__(reason or "to be retried")
        self.after = after


@dataclass(frozen=True, kw_only=True)
class Question:
    """A job to answer. Delivery is at least once: `job_id` is the idempotency key.

    `history`: the earlier messages of the session, oldest first.
    """

    job_id: str
    attempt: int
    agent_id: str
    user_id: str
    content: str
    metadata: Mapping[str, Any]
    history: Sequence[PastMessage]
    deadline: datetime
    _cancelled: Event = field(default_factory=Event, repr=False, compare=False)
    _progress: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @classmethod
    def of(cls, job: ClaimedJob) -> "Question":
        return cls(
            job_id=job.job_id,
            attempt=job.attempt,
            agent_id=job.agent_id,
            user_id=job.user_id,
            content=job.content,
            metadata=job.metadata,
            history=job.history,
            deadline=job.deadline,
        )

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the answer any more: stop as soon as you can."""
        return self._cancelled.is_set()

    def report(self, *, percent: float | None = None, message: str | None = None) -> None:
        """Show in the job how far you are, with the next heartbeat."""
        told = {"percent": percent, "message": None if message is None else message[:200]}
        with self._lock:
            self._progress.update({name: it for name, it in told.items() if it is not None})

    def cancel(self) -> None:
        self._cancelled.set()

    def take_progress(self) -> Mapping[str, Any] | None:
        """Return what was reported, once more if it is asked again."""
        with self._lock:
            return dict(self._progress) or None
