"""Stream of the job table: count jobs, publish their changes as events, plan webhooks."""

from typing import Any

from jobs import kinds
from jobs.core.adapters.dynamodb import stream
from jobs.kit import lambda_handler as runtime
from jobs.webhooks.wiring import wiring as webhooks


def publish(records: Any) -> None:
    changes = stream.changes(records, kinds.storage)
    kinds.core.publish_changes(kinds.kind)(changes)
    webhooks.plan_deliveries(kinds.kind)(changes)
    for change in changes:
        runtime.logger.info(
            "status changed",
            tenant=change.ref.tenant,
            job_id=change.ref.id,
            job_status=change.status,
        )


lambda_handler = runtime.stream_batch(publish)
