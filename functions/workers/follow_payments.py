"""Payment table's stream: watch each open payment."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.payments.adapters.records import to_payment
from jobs.payments.wiring import wiring


def follow(records: Any) -> None:
    changed = [to_payment(record["dynamodb"]["NewImage"]) for record in records]
    for payment in wiring.follow_payments(changed):
        runtime.logger.info(
            "payment followed", tenant=payment.tenant, job_id=payment.job_id, state=payment.state
        )


lambda_handler = runtime.stream_batch(follow)
