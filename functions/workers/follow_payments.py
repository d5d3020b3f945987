"""Payment table's stream: watch each open payment."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.payments.adapters.records import parse_changes
from jobs.payments.wiring import wiring


def follow(records: Any) -> None:
    for payment in wiring.follow_payments(parse_changes(records)):
        runtime.logger.info(
            "payment followed", tenant=payment.tenant, job_id=payment.job_id, state=payment.state
        )


lambda_handler = runtime.stream_batch(follow, needs=lambda: wiring.follow_payments)
