"""Changes of jobs, and the number of a tenant's jobs by status."""

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.core.webhook import Webhook
from jobs.kit.clock import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChange:
    """One change of a job's status, read from the table's stream.

    `status` is None once the job has been deleted; `previous` is None when it is new.
    `details` belong to the job's kind; `webhook` is the receiver that its creator named.
    """

    ref: JobRef
    sequence: int
    status: JobStatus | None
    previous: JobStatus | None
    changed_at: Millis
    created_at: Millis
    gone_at: Millis
    details: object | None = None
    webhook: Webhook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounts:
    """`processing_ms` is the sum, over the succeeded jobs, of the time from creation to answer."""

    by_status: Mapping[JobStatus, int]
    processing_ms: Millis = 0

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    def of(self, *statuses: JobStatus) -> int:
        return sum(self.by_status.get(status, 0) for status in statuses)
