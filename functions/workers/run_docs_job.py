"""SQS docs queue: have an agent write documentation on its branch."""

from typing import Any

from jobs.core.adapters import messages
from jobs.core.errors import JobLeasedError
from jobs.docs.run_docs_job import HOLD_S
from jobs.docs.wiring import wiring
from jobs.kit import lambda_handler as runtime


def run(record: Any) -> None:
    ref = messages.from_text(record["body"])
    delivery = wiring.docs_delivery(record["receiptHandle"])
    try:
        ran = wiring.run_docs_job(ref, delivery)
    except JobLeasedError as error:
        # A duplicate. Should that worker die, its own message is to be back before this one.
        delivery.hold((error.until - wiring.core.clock()) // 1000 + HOLD_S)
        raise
    runtime.logger.info("docs job run", tenant=ref.tenant, job_id=ref.id, outcome=ran)


lambda_handler = runtime.queue(run)
