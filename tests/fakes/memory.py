"""Changes of jobs, and a recorder of what use cases send."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jobs.core.changes import JobChange
from jobs.core.job import Job, JobRef
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.messaging.poll import Poll


@dataclass(slots=True)
class Outbox:
    """Records the calls of `JobQueue`, `Timers`, `Polls`, `EventPublisher` and `JobMetrics`."""

    sent: list[JobRef] = field(default_factory=list)
    deadlines: dict[JobRef, Millis] = field(default_factory=dict)
    polls: list[Poll] = field(default_factory=list)
    published: list[JobChange] = field(default_factory=list)
    measured: list[JobChange] = field(default_factory=list)

    def send(self, ref: JobRef) -> None:
        self.sent.append(ref)

    send_new = send

    def time_out(self, ref: JobRef, *, at: Millis) -> None:
        self.deadlines.setdefault(ref, at)

    def schedule(self, poll: Poll) -> None:
        self.polls.append(poll)

    def publish(self, changes: Sequence[JobChange]) -> None:
        self.published.extend(changes)

    def measure(self, changes: Sequence[JobChange]) -> None:
        self.measured.extend(changes)


def change(job: Job, *, previous: JobStatus | None, started_at: Millis | None = None) -> JobChange:
    return JobChange(
        ref=job.ref,
        sequence=job.sequence,
        status=job.status,
        previous=previous,
        changed_at=job.changed_at,
        created_at=job.created_at,
        gone_at=job.gone_at,
        details=job.details,
        webhook=job.webhook,
        key_id=job.key_id,
        tokens=job.tokens,
        started_at=started_at,
    )
