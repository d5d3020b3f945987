"""SQS agent queue: ask an agent and store its answer."""

from typing import Any

from jobs import bootstrap, runtime
from jobs.adapters import messages
from jobs.domain.errors import JobLeasedError


def run(record: Any) -> None:
    ref = messages.from_text(record["body"])
    delivery = bootstrap.agent_delivery(record["receiptHandle"])
    try:
        ran = bootstrap.run_agent_job()(ref, delivery)
    except JobLeasedError as error:
        # Look again when the worker that has the job should have ended.
        delivery.hold(max(1, (error.until - bootstrap.now()) // 1000 + 1))
        raise
    runtime.logger.info("job run", tenant=ref.tenant, job_id=ref.id, outcome=ran)


lambda_handler = runtime.batch(run, kind="SQS")
