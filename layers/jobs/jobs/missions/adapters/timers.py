"""The timers of missions: executions until a mission is due, then delayed messages."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from jobs.core.adapters.messages import ref_fields
from jobs.core.job import JobRef
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.sqs import delay_until
from jobs.kit.aws.stepfunctions import start_once, timestamp
from jobs.kit.clock import Clock, Millis

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_stepfunctions.client import SFNClient

MOVES: Final = "moves"
MAX_DELAY_S: Final = 180
"""Of a check. An earlier one than asked for does no harm; TimersLate allows for this delay."""


def parse_moves(job: Mapping[str, Any]) -> int:
    """Return the number of moves that a timer was started for."""
    return int(job.get(MOVES, 0))


def job_fields(ref: JobRef, moves: int) -> Mapping[str, str | int]:
    return {**ref_fields(ref), MOVES: moves} if moves else ref_fields(ref)


class StepFunctionsMissionTimers:
    def __init__(self, client: "SFNClient", *, mission_arn: str) -> None:
        self._client = client
        self._mission_arn = mission_arn

    def fly(self, ref: JobRef, *, due_at: Millis, moves: int) -> None:
        name = f"{ref.id}-{moves}" if moves else ref.id
        about = {"job": job_fields(ref, moves), "dueAt": timestamp(due_at)}
        start_once(self._client, self._mission_arn, name, about)


class SqsMissionChecks:
    """Sends messages with their tenant as message group, which makes the queue fair."""

    def __init__(self, client: "SQSClient", queue_url: str, clock: Clock) -> None:
        self._client = client
        self._queue_url = queue_url
        self._clock = clock

    def schedule(self, ref: JobRef, *, at: Millis, moves: int) -> None:
        """Have the mission checked at a time, or a little earlier."""
        with convert_aws_errors():
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=json.dumps(job_fields(ref, moves)),
                MessageGroupId=ref.tenant,
                DelaySeconds=delay_until(at, now=self._clock(), most=MAX_DELAY_S),
            )
