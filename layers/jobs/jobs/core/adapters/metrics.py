"""Metrics in CloudWatch's embedded metric format, printed to the log."""

from collections import defaultdict
from collections.abc import Sequence

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from jobs.core.changes import JobChange
from jobs.core.status import JobStatus


class PrintedMetrics:
    """Prints `Jobs`, the number of status changes, and the `ProcessingTime` of ended jobs.

    Dimensions are dialect and status, and for alarms status alone. There is no dimension for the
    tenant: CloudWatch bills each value as a metric. The environment names the stack's namespace.
    """

    def measure(self, changes: Sequence[JobChange]) -> None:
        groups = defaultdict[tuple[str, JobStatus], list[JobChange]](list)
        for change in changes:
            if change.status is not None:
                groups[change.ref.kind, change.status].append(change)
        for (kind, status), some in groups.items():
            self._print(kind, status, some)

    def _print(self, kind: str, status: JobStatus, changes: Sequence[JobChange]) -> None:
        metrics = EphemeralMetrics()
        metrics.add_dimension("dialect", kind)
        metrics.add_dimension("status", status)
        metrics.add_dimensions(service=metrics.service, status=status)
        if status.is_terminal:
            for change in changes:
                took = change.changed_at - change.created_at
                metrics.add_metric("ProcessingTime", MetricUnit.Milliseconds, took)
        # Last: Powertools flushes at a hundred values, and requires one at the end.
        metrics.add_metric("Jobs", MetricUnit.Count, len(changes))
        metrics.flush_metrics()


def count_unclaimed() -> None:
    """Print that a job waits for a worker that does not come."""
    metrics = EphemeralMetrics()
    metrics.add_metric("UnclaimedJobs", MetricUnit.Count, 1)
    metrics.flush_metrics()
