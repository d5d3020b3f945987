"""Metrics of webhooks in CloudWatch's embedded metric format."""

from typing import Final

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from jobs.webhooks.webhook import Attempt, DeliveryState


class PrintedDeliveryMetrics:
    """Counts attempts in the metric `Webhooks`, by outcome.

    Sortie retries `failed` attempts, and `paused` ones, which it did not make.

    There is no dimension for tenant or receiver: CloudWatch bills each value as a metric.
    """

    _OUTCOMES: Final = {
        DeliveryState.DELIVERED: "delivered",
        DeliveryState.PENDING: "failed",
        DeliveryState.FAILED: "given_up",
    }

    def count_attempt(self, attempt: Attempt, state: DeliveryState) -> None:
        metrics = EphemeralMetrics()
        paused = attempt.error == "paused" and state is DeliveryState.PENDING
        metrics.add_dimension("outcome", "paused" if paused else self._OUTCOMES[state])
        metrics.add_metric("Webhooks", MetricUnit.Count, 1)
        metrics.flush_metrics()
