"""Timers of deadlines: Step Functions executions, or messages that SQS delays."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.core.adapters.messages import ref_fields, to_text
from jobs.core.job import JobRef
from jobs.core.ports import Timers
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.sqs import MAX_DELAY_S, delay_until
from jobs.kit.aws.stepfunctions import start_once, timestamp
from jobs.kit.clock import Clock, Millis

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_stepfunctions.client import SFNClient


class StepFunctionsTimers:
    def __init__(self, client: "SFNClient", *, time_out_arn: str) -> None:
        self._client = client
        self._time_out_arn = time_out_arn

    def time_out(self, ref: JobRef, *, at: Millis) -> None:
        start(self._client, self._time_out_arn, ref, {"at": timestamp(at)})


def start(client: "SFNClient", arn: str, ref: JobRef, times: dict[str, str]) -> None:
    """Start a job's execution of a state machine. Idempotent."""
    start_once(client, arn, ref.id, {"job": ref_fields(ref)} | times)


class SqsTimers:
    """Sends messages with their tenant as message group, which makes the queue fair.

    A message for a later deadline than SQS can delay is early: `ExpireJob` starts the timer again.
    """

    def __init__(self, client: "SQSClient", queue_url: str, clock: Clock) -> None:
        self._client = client
        self._queue_url = queue_url
        self._clock = clock

    def time_out(self, ref: JobRef, *, at: Millis) -> None:
        with convert_aws_errors():
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=to_text(ref),
                MessageGroupId=ref.tenant,
                DelaySeconds=delay_until(at, now=self._clock()),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TimersByLength:
    """Has SQS hold a deadline if it can, as each execution counts toward the region's rate."""

    short: Timers
    long: Timers
    clock: Clock

    def time_out(self, ref: JobRef, *, at: Millis) -> None:
        is_short = at - self.clock() <= MAX_DELAY_S * 1000
        (self.short if is_short else self.long).time_out(ref, at=at)
