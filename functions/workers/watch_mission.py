"""SQS queue of mission checks: check a mission, and schedule its next check."""

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jobs.core.adapters import messages
from jobs.core.job import JobRef
from jobs.kit import lambda_handler as runtime
from jobs.kit.aws.stepfunctions import timestamp
from jobs.kit.clock import Millis
from jobs.missions.adapters.timers import parse_moves
from jobs.missions.wiring import wiring


def receive(record: Any) -> None:
    job = json.loads(record["body"])
    ref, moves = messages.ref_from(job), parse_moves(job)
    again = watch(ref, moves)
    if again is not None:
        wiring.mission_checks.schedule(ref, at=again, moves=moves)


def watch(ref: JobRef, moves: int) -> Millis | None:
    again = wiring.watch_mission(ref, moves=moves)
    runtime.logger.info("mission watched", tenant=ref.tenant, job_id=ref.id, again=again)
    return again


def watch_for_execution(job: Any) -> dict[str, Any]:
    again = watch(messages.ref_from(job), parse_moves(job))
    return {"ended": True} if again is None else {"ended": False, "again": timestamp(again)}


from_queue = runtime.queue(receive, needs=lambda: (wiring.watch_mission, wiring.mission_checks))
from_execution = runtime.task(watch_for_execution)


def lambda_handler(event: Any, context: LambdaContext) -> Any:
    """Executions that the previous version has started invoke the function themselves."""
    handle = from_queue if "Records" in event else from_execution
    return handle(event, context)
