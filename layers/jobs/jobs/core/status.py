"""The life of a job, as a table.

    PENDING ──▶ QUEUED ──▶ RUNNING ──▶ SUCCEEDED
    PENDING ──────────────▶ RUNNING
    each    ──▶ FAILED | CANCELLED | TIMED_OUT

A QUEUED job waits for a limited resource, for example a drone.

Each public API has its own names for these statuses (`processing`,
`IN_PROGRESS`, `active`): see `jobs.<feature>.api`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class JobStatus(StrEnum):
    PENDING = "PENDING"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"

    @property
    def is_terminal(self) -> bool:
        return not _NEXT[self]

    def allows(self, target: "JobStatus") -> bool:
        return target in _NEXT[self]


_ENDED_EARLY: Final = frozenset({JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMED_OUT})

_NEXT: Final[Mapping[JobStatus, frozenset[JobStatus]]] = {
    JobStatus.PENDING: _ENDED_EARLY | {JobStatus.QUEUED, JobStatus.RUNNING},
    JobStatus.QUEUED: _ENDED_EARLY | {JobStatus.RUNNING},
    JobStatus.RUNNING: _ENDED_EARLY | {JobStatus.SUCCEEDED},
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
    JobStatus.TIMED_OUT: frozenset(),
}
