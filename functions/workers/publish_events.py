"""Job table's stream: count jobs, and put their changes on the event bus."""

from typing import Any

from jobs import bootstrap, runtime
from jobs.adapters.dynamodb import stream


def publish(event: Any) -> None:
    changes = stream.changes(event["Records"])
    bootstrap.publish_changes()(changes)
    for change in changes:
        runtime.logger.info(
            "status changed",
            tenant=change.ref.tenant,
            job_id=change.ref.id,
            job_status=change.status,
        )


lambda_handler = runtime.task(publish)
