"""Stream of the job table: start the next step of each changed job, and of jobs that wait."""

from typing import Any

from jobs import kinds
from jobs.core.adapters.dynamodb import slots, stream
from jobs.core.failure import Failure
from jobs.kit import lambda_handler as runtime
from jobs.kit.errors import RefusedError


def dispatch(record: Any) -> None:
    if release := slots.parse_release(record):
        kinds.limited_queue(release.kind).send_waiting(release)
        return
    change = stream.parse_change(record, kinds.storage)
    has_status = change is not None and change.status is not None
    if not has_status and not stream.moves_deadline(record):
        return
    job = stream.parse_job(record, kinds.storage)
    about = {"tenant": job.tenant, "job_id": job.id, "job_status": job.status}
    try:
        followed = kinds.kind(job.kind).follow(job)
    except RefusedError as error:
        kinds.core.end_dead_letter(kinds.kind)(job.ref, failure=Failure.of(error))
        runtime.logger.exception("next step refused for good", extra=about)
        return
    if followed:
        runtime.logger.info("dispatched", extra=about)


lambda_handler = runtime.stream(
    dispatch,
    threads=3,  # a tenant's burst delays others less
    needs=lambda: (
        kinds.core.slots,
        kinds.core.timers,
        kinds.core.aws.sqs,
        [kinds.kind(each) for each in kinds.NAMES],
    ),
)
