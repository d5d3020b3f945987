"""Stream of the job table: count jobs, publish their changes as events, plan webhooks."""

from collections.abc import Callable, Sequence
from typing import Any

from jobs import kinds
from jobs.core.adapters.dynamodb import stream
from jobs.core.changes import JobChange
from jobs.kit import lambda_handler as runtime
from jobs.kit.parallel import map_parallel
from jobs.webhooks.wiring import wiring as webhooks


def publish(records: Any) -> None:
    changes = stream.changes(records, kinds.storage)
    followers: list[Callable[[Sequence[JobChange]], object]] = [
        kinds.core.publish_changes(kinds.kind),
        webhooks.plan_deliveries(kinds.kind),
    ]
    map_parallel(lambda follow: follow(changes), followers)
    for change in changes:
        runtime.logger.info(
            "status changed",
            tenant=change.ref.tenant,
            job_id=change.ref.id,
            job_status=change.status,
        )


lambda_handler = runtime.stream_batch(
    publish,
    needs=lambda: (kinds.core.publish_changes(kinds.kind), webhooks.plan_deliveries(kinds.kind)),
)
