"""SQS agent queue: ask an agent and store its answer."""

from typing import Any

from jobs.core.adapters import messages
from jobs.kit import lambda_handler as runtime
from jobs.sessions.wiring import wiring


def run(record: Any) -> None:
    ref = messages.from_text(record["body"])
    delivery = wiring.messaging.delivery(record["receiptHandle"])
    outcome = wiring.run_agent_job(ref, delivery)
    runtime.logger.info("job run", tenant=ref.tenant, job_id=ref.id, outcome=outcome)


lambda_handler = runtime.queue(run)
