"""Count, publish and measure changes of jobs."""

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
        """Count first: counts are exact under replay, so the event bus may fail after them.

        Measure last: metrics are not, and a batch that fails is replayed.
        """
        self.counters.count(changes)
        news = [change for change in changes if not change.is_import]
        self.publisher.publish([change for change in news if change.status is not None])
        self.metrics.measure(news)
