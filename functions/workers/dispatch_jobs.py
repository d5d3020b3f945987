"""Job table's stream: set each new job going."""

from typing import Any

from jobs import bootstrap, runtime
from jobs.adapters.dynamodb import stream
from jobs.domain.status import JobStatus


def dispatch(record: Any) -> None:
    change = stream.change_of(record)
    if change is None or change.status is not JobStatus.PENDING:
        return
    bootstrap.dispatch_job()(change.ref, deadline=stream.deadline_of(record))
    runtime.logger.info("dispatched", tenant=change.ref.tenant, job_id=change.ref.id)


lambda_handler = runtime.stream(dispatch)
