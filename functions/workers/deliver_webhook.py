"""SQS webhook queue: make the attempts that are due, and queue the next ones, for a day."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.kit.errors import UnavailableError
from jobs.webhooks.adapters import queue as webhook_queue
from jobs.webhooks.errors import DeliveryNotFoundError
from jobs.webhooks.wiring import wiring


def deliver(record: Any) -> None:
    receive_count = int(record["attributes"]["ApproximateReceiveCount"])
    planned = webhook_queue.from_text(record["body"], receive_count=receive_count)
    about = {
        "tenant": planned.ref.tenant, "job_id": planned.ref.job_id, "delivery_id": planned.ref.id,
    }  # fmt: skip
    try:
        outcome = wiring.deliver_webhook(planned)
    except DeliveryNotFoundError:
        runtime.logger.warning("webhook delivery not found", extra=about)
        return
    except UnavailableError:  # an outage of ours must not shorten the day of attempts
        runtime.logger.exception("webhook attempt failed, to be made later", extra=about)
        wiring.deliver_webhook.defer(planned)
        return
    attempt, following = outcome.attempt, outcome.next
    if attempt is None:
        return
    result = {"status": attempt.status, "error": attempt.error, "ms": attempt.ms}
    retry_in_s = None if following is None else (following.due - attempt.at) // 1000
    sent = "webhook paused" if attempt.error == "paused" else "webhook sent"
    runtime.logger.info(sent, extra={**about, **result, "retry_in_s": retry_in_s})


lambda_handler = runtime.queue(deliver, needs=lambda: wiring.deliver_webhook)
