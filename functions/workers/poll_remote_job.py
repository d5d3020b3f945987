"""SQS queue of polls: poll a remote server for an answer, and schedule the next poll."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jobs.core.adapters import messages
from jobs.core.job import JobRef
from jobs.kit import lambda_handler as runtime
from jobs.kit.errors import UnavailableError
from jobs.messaging.adapters.polls import parse_poll
from jobs.sessions.wiring import wiring


def receive(record: Any) -> None:
    poll = parse_poll(record["body"])
    try:
        ended = poll_job(poll.ref)
    except UnavailableError:  # sooner than SQS would deliver the message again
        about = {"tenant": poll.ref.tenant, "job_id": poll.ref.id}
        runtime.logger.exception("poll failed, to be made again", extra=about)
        ended = False
    if not ended:
        wiring.messaging.polls.schedule(poll.next())


def poll_job(ref: JobRef) -> bool:
    ended = wiring.poll_remote_job(ref)
    runtime.logger.info("polled", tenant=ref.tenant, job_id=ref.id, ended=ended)
    return ended


def poll_for_execution(job: Any) -> dict[str, bool]:
    return {"ended": poll_job(messages.ref_from(job))}


from_queue = runtime.queue(receive, needs=lambda: (wiring.messaging.polls, wiring.poll_remote_job))
from_execution = runtime.task(poll_for_execution)


def lambda_handler(event: Any, context: LambdaContext) -> Any:
    """Executions that the previous version has started invoke the function themselves."""
    handle = from_queue if "Records" in event else from_execution
    return handle(event, context)
