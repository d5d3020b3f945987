"""SQS agent queue: ask an agent and store its answer."""

from typing import Any

from jobs.core.adapters import messages
from jobs.kit import lambda_handler as runtime
from jobs.messaging.run_agent_job import AttemptOutcome
from jobs.sessions.wiring import wiring


def run(record: Any) -> None:
    ref = messages.from_text(record["body"])
    delivery = wiring.messaging.delivery(record["receiptHandle"], messages.receive_count(record))
    outcome = wiring.run_agent_job(ref, delivery)
    slot = messages.slot_from_text(record["body"])
    if slot and outcome is not AttemptOutcome.DUPLICATE:  # whose slot another worker uses
        wiring.core.slots.release(ref, slot)
    runtime.logger.info("job run", tenant=ref.tenant, job_id=ref.id, outcome=outcome)


lambda_handler = runtime.queue(
    run, needs=lambda: (wiring.core.aws.sqs, wiring.run_agent_job, wiring.core.slots)
)
