"""Stream of the job table: start the next step of each changed job."""

from typing import Any

from jobs import kinds
from jobs.core.adapters.dynamodb import stream
from jobs.kit import lambda_handler as runtime
from jobs.kit.errors import RefusedError


def dispatch(record: Any) -> None:
    change = stream.parse_change(record, kinds.storage)
    if change is None or change.status is None:
        return
    job = stream.parse_job(record, kinds.storage)
    about = {"tenant": job.tenant, "job_id": job.id, "job_status": job.status}
    try:
        followed = kinds.kind(job.kind).follow(job)
    except RefusedError as error:
        kinds.core.end_dead_letter(kinds.kind)(job.ref, reason=str(error))
        runtime.logger.exception("next step refused for good", extra=about)
        return
    if followed:
        runtime.logger.info("dispatched", extra=about)


lambda_handler = runtime.stream(dispatch)
