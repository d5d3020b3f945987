"""Job table's stream: count jobs, put their changes on the event bus, and have webhooks sent."""

from typing import Any

from jobs import event_bootstrap, runtime
from jobs.adapters.dynamodb import stream


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
