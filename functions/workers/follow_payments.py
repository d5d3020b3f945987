"""Payment table's stream: see to it that no open payment is forgotten."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.payments import wiring as payment_bootstrap
from jobs.payments.adapters.records import to_payment


def follow(event: Any) -> None:
    changed = [to_payment(record["dynamodb"]["NewImage"]) for record in event["Records"]]
    for payment in payment_bootstrap.follow_payments()(changed):
        runtime.logger.info(
            "payment followed", tenant=payment.tenant, job_id=payment.job_id, state=payment.state
        )


lambda_handler = runtime.task(follow)
