"""Changes of jobs, and the number of a tenant's jobs by status."""

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.core.tokens import NO_TOKENS, Tokens
from jobs.core.webhook import Webhook
from jobs.kit.clock import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChange:
    """One change of a job's status, read from the table's stream.

    `status` is None once the job has been deleted; `previous` is None when it is new.
    `details` belong to the job's kind; `webhook` is the receiver that its creator named.
    `started_at` is when the job began to run, known in the change that ends it.
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
    key_id: str | None = None
    tokens: Tokens = NO_TOKENS
    started_at: Millis | None = None

    @property
    def is_import(self) -> bool:
        """Whether the job came from another installation, which has told of its end already.

        Any other job is stored before it ends. An imported job is counted, and no more.
        """
        return self.previous is None and self.status is not None and self.status.is_terminal

    @property
    def run_ms(self) -> Millis:
        return 0 if self.started_at is None else max(0, self.changed_at - self.started_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounts:
    """`processing_ms` is the sum, over the succeeded jobs, of the time from creation to answer.

    `shards` is the number of shards that may hold the jobs.
    """

    by_status: Mapping[JobStatus, int]
    processing_ms: Millis = 0
    shards: int = 1

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    def of(self, *statuses: JobStatus) -> int:
        return sum(self.by_status.get(status, 0) for status in statuses)
