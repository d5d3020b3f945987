"""Tell the counters and the world what happened to jobs."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.core.changes import JobChange
from jobs.core.ports import EventPublisher, JobCounters, JobMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishChanges:
    counters: JobCounters
    publisher: EventPublisher
    metrics: JobMetrics

    def __call__(self, changes: Sequence[JobChange]) -> None:
        """Counts first: they are exact under replay, so an event bus that fails costs nothing.

        Metrics last: they are not, and a batch that fails comes again.
        """
        self.counters.count(changes)
        self.publisher.publish([change for change in changes if change.status is not None])
        self.metrics.measure(changes)
