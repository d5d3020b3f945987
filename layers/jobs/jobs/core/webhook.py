"""A job's webhook: the receiver of its events."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from jobs.core.errors import JobError
from jobs.core.status import JobStatus

type Event = Literal[
    "created", "queued", "started", "completed", "failed", "cancelled", "timed_out"
]


EVENTS: Final[Mapping[JobStatus, Event]] = {
    JobStatus.PENDING: "created",
    JobStatus.QUEUED: "queued",
    JobStatus.RUNNING: "started",
    JobStatus.SUCCEEDED: "completed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
    JobStatus.TIMED_OUT: "timed_out",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A receiver's URL and events; no events stand for all of them."""

    url: str
    events: frozenset[str] = frozenset()

    def matches(self, event: str) -> bool:
        return not self.events or event in self.events


class WebhookRefusedError(JobError):
    """The webhook's URL is not allowed; the message says why."""
