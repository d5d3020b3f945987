"""State machine payment, at intervals: reconcile a payment."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.kit.aws.stepfunctions import timestamp
from jobs.payments.wiring import wiring


def watch(event: Any) -> dict[str, Any]:
    result = wiring.watch_payment(event["paymentId"])
    about = {"payment_id": event["paymentId"], "state": result.state}
    if result.again is not None:
        runtime.logger.info("payment watched", **about)
        return {"outcome": "open", "again": timestamp(result.again)}
    if result.state is not None and result.state.is_open:
        runtime.logger.error("payment unknown for a day", **about)
        return {"outcome": "unknown"}
    runtime.logger.info("payment closed", **about)
    return {"outcome": "over"}


lambda_handler = runtime.task(watch)
