"""Metrics in CloudWatch's embedded metric format, printed to the log."""

from collections import defaultdict
from collections.abc import Sequence

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from jobs.core.changes import JobChange
from jobs.core.status import JobStatus


class PrintedMetrics:
    """`Jobs`, the changes of status, and of jobs that have ended `ProcessingTime` since creation.

    Both by dialect and status, and by status alone, for alarms. Powertools knows the namespace,
    which is the stack's, from the environment. No tenant: each would be a metric to pay for.
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
