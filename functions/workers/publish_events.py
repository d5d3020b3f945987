"""Job table's stream: count jobs, put their changes on the event bus, and have webhooks sent."""

from typing import Any

from jobs.core.adapters.dynamodb import stream
from jobs.kit import lambda_handler as runtime
from jobs.webhooks import wiring as event_bootstrap


def publish(event: Any) -> None:
    changes = stream.changes(event["Records"])
    event_bootstrap.publish_changes()(changes)
    event_bootstrap.plan_deliveries()(changes)
    for change in changes:
        runtime.logger.info(
            "status changed",
            tenant=change.ref.tenant,
            job_id=change.ref.id,
            job_status=change.status,
        )


lambda_handler = runtime.task(publish)
