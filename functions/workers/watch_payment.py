"""State machine payment, now and then: has the money arrived?"""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.kit.aws.stepfunctions import timestamp
from jobs.payments.wiring import wiring


def watch(event: Any) -> dict[str, Any]:
    watched = wiring.watch_payment(event["paymentId"])
    about = {"payment_id": event["paymentId"], "state": watched.state}
    if watched.again is not None:
        runtime.logger.info("payment watched", **about)
        return {"outcome": "open", "again": timestamp(watched.again)}
    if watched.state is not None and watched.state.is_open:
        runtime.logger.error("payment unknown for a day", **about)
        return {"outcome": "unknown"}
    runtime.logger.info("payment closed", **about)
    return {"outcome": "over"}


lambda_handler = runtime.task(watch)
