"""SQS webhook queue: tell a receiver what became of a job, again and again for a day if need be."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.kit.errors import UnavailableError
from jobs.webhooks.adapters import queue as webhook_queue
from jobs.webhooks.deliver_webhook import pause
from jobs.webhooks.errors import DeliveryNotFoundError
from jobs.webhooks.wiring import wiring


def deliver(record: Any) -> None:
    ref = webhook_queue.from_text(record["body"])
    about = {"tenant": ref.tenant, "job_id": ref.job_id, "delivery_id": ref.id}
    received = int(record["attributes"]["ApproximateReceiveCount"])
    try:
        outcome = wiring.deliver_webhook(ref, received=received)
    except DeliveryNotFoundError:
        runtime.logger.warning("webhook is too old to be sent", extra=about)
        return
    except UnavailableError:  # a day of attempts is to be a day for this reason too
        wiring.webhook_receipt(record["receiptHandle"]).hold(pause(received))
        raise
    if made := outcome.attempt:
        came = {"status": made.status, "error": made.error, "ms": made.ms}
        runtime.logger.info("webhook sent", extra={**about, **came, "again_in": outcome.again_in})
    if outcome.again_in is not None:
        wiring.webhook_receipt(record["receiptHandle"]).hold(outcome.again_in)
        raise runtime.AgainError


lambda_handler = runtime.queue(deliver)
