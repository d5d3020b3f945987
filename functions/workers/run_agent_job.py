"""SQS agent queue: ask an agent and store its answer."""

from typing import Any

from jobs.core.adapters import messages
from jobs.core.errors import JobLeasedError
from jobs.kit import lambda_handler as runtime
from jobs.messaging.run_agent_job import HOLD_S
from jobs.sessions.wiring import wiring


def run(record: Any) -> None:
    ref = messages.from_text(record["body"])
    delivery = wiring.messaging.delivery(record["receiptHandle"])
    try:
        ran = wiring.run_agent_job(ref, delivery)
    except JobLeasedError as error:
        # A duplicate. Should that worker die, its own message is to be back before this one.
        delivery.hold((error.until - wiring.core.clock()) // 1000 + HOLD_S)
        raise
    runtime.logger.info("job run", tenant=ref.tenant, job_id=ref.id, outcome=ran)


lambda_handler = runtime.queue(run)
