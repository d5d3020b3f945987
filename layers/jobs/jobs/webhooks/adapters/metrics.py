"""Metrics of webhooks in CloudWatch's embedded format."""

from typing import Final

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from jobs.webhooks.webhook import DeliveryState


class PrintedDeliveryMetrics:
    """`Webhooks`, the attempts to send one, by outcome: those that failed will be made again.

    Neither tenant nor receiver: each would be a metric to pay for.
    """

    _OUTCOMES: Final = {
        DeliveryState.DELIVERED: "delivered",
        DeliveryState.PENDING: "failed",
        DeliveryState.FAILED: "given_up",
    }

    def attempted(self, state: DeliveryState) -> None:
        metrics = EphemeralMetrics()
        metrics.add_dimension("outcome", self._OUTCOMES[state])
        metrics.add_metric("Webhooks", MetricUnit.Count, 1)
        metrics.flush_metrics()
