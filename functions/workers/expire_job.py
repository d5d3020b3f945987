"""SQS queue of deadlines: time out each job that has not ended."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jobs import kinds
from jobs.core.adapters import messages
from jobs.core.expire_job import ExpireResult
from jobs.core.job import JobRef
from jobs.kit import lambda_handler as runtime
from jobs.messaging.message import is_unclaimed, next_check


def receive(record: Any) -> None:
    ref = messages.from_text(record["body"])
    again = expire(ref).again
    if again is not None:
        at = next_check(ref, again, kinds.core.clock())
        kinds.core.delayed_timers.time_out(ref, at=at)


def expire(ref: JobRef) -> ExpireResult:
    result = kinds.core.expire_job(ref)
    if result.found and is_unclaimed(result.found, kinds.core.clock()):
        report_unclaimed(ref)
    runtime.logger.info(
        "deadline reached", tenant=ref.tenant, job_id=ref.id, job_status=result.status
    )
    return result


def report_unclaimed(ref: JobRef) -> None:
    from jobs.core.adapters.metrics import count_unclaimed  # noqa: PLC0415 - few jobs need it

    runtime.logger.warning(
        "no worker has claimed the job", extra={"tenant": ref.tenant, "job_id": ref.id}
    )
    count_unclaimed()


def expire_for_execution(job: Any) -> dict[str, str | None]:
    return {"status": expire(messages.ref_from(job)).status}


from_queue = runtime.queue(
    receive, needs=lambda: (kinds.core.expire_job, kinds.core.delayed_timers)
)
from_execution = runtime.task(expire_for_execution)


def lambda_handler(event: Any, context: LambdaContext) -> Any:
    """Executions that the previous version has started invoke the function themselves."""
    handle = from_queue if "Records" in event else from_execution
    return handle(event, context)
