"""SQS docs queue: run a documentation agent on its branch."""

from typing import Any

from jobs.core.adapters import messages
from jobs.docs.run_docs_job import AttemptOutcome
from jobs.docs.wiring import wiring
from jobs.kit import lambda_handler as runtime


def run(record: Any) -> None:
    ref = messages.from_text(record["body"])
    delivery = wiring.docs_delivery(record["receiptHandle"], messages.receive_count(record))
    outcome = wiring.run_docs_job(ref, delivery)
    slot = messages.slot_from_text(record["body"])
    if slot and outcome is not AttemptOutcome.DUPLICATE:  # whose slot another worker uses
        wiring.core.slots.release(ref, slot)
    runtime.logger.info("docs job run", tenant=ref.tenant, job_id=ref.id, outcome=outcome)


lambda_handler = runtime.queue(
    run, needs=lambda: (wiring.core.aws.sqs, wiring.run_docs_job, wiring.core.slots)
)
