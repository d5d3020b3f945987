"""SQS webhook queue: attempt each delivery, and retry failed ones with backoff for a day."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.kit.errors import UnavailableError
from jobs.webhooks.adapters import queue as webhook_queue
from jobs.webhooks.deliver_webhook import retry_delay_s
from jobs.webhooks.errors import DeliveryNotFoundError
from jobs.webhooks.wiring import wiring


def deliver(record: Any) -> None:
    ref = webhook_queue.from_text(record["body"])
    about = {"tenant": ref.tenant, "job_id": ref.job_id, "delivery_id": ref.id}
    receive_count = int(record["attributes"]["ApproximateReceiveCount"])
    try:
        outcome = wiring.deliver_webhook(ref, receive_count=receive_count)
    except DeliveryNotFoundError:
        runtime.logger.warning("webhook delivery not found", extra=about)
        return
    except UnavailableError:  # an outage of ours must not shorten the day of attempts
        wiring.webhook_receipt(record["receiptHandle"]).hold(retry_delay_s(receive_count))
        raise
    retry_in_s = outcome.retry_in_s
    if attempt := outcome.attempt:
        result = {"status": attempt.status, "error": attempt.error, "ms": attempt.ms}
        runtime.logger.info("webhook sent", extra={**about, **result, "retry_in_s": retry_in_s})
    if retry_in_s is not None:
        wiring.webhook_receipt(record["receiptHandle"]).hold(retry_in_s)
        raise runtime.RetryLaterError


lambda_handler = runtime.queue(deliver)
