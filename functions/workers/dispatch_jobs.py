"""Stream of the job table: start the next step of each changed job."""

from typing import Any

from jobs import kinds
from jobs.core.adapters.dynamodb import stream
from jobs.kit import lambda_handler as runtime


def dispatch(record: Any) -> None:
    change = stream.parse_change(record, kinds.storage)
    if change is None or change.status is None:
        return
    job = stream.parse_job(record, kinds.storage)
    if kinds.kind(job.kind).follow(job):
        runtime.logger.info("dispatched", tenant=job.tenant, job_id=job.id, job_status=job.status)


lambda_handler = runtime.stream(dispatch)
