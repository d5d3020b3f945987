"""SQS docs queue: run a documentation agent on its branch."""

from typing import Any

from jobs.core.adapters import messages
from jobs.docs.wiring import wiring
from jobs.kit import lambda_handler as runtime


def run(record: Any) -> None:
    ref = messages.from_text(record["body"])
    delivery = wiring.docs_delivery(record["receiptHandle"])
    outcome = wiring.run_docs_job(ref, delivery)
    runtime.logger.info("docs job run", tenant=ref.tenant, job_id=ref.id, outcome=outcome)


lambda_handler = runtime.queue(run)
