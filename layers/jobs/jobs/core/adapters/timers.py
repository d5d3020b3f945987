"""Timers of deadlines, as Step Functions executions."""

from typing import TYPE_CHECKING

from jobs.core.adapters.messages import ref_fields
from jobs.core.job import JobRef
from jobs.kit.aws.stepfunctions import start_once, timestamp
from jobs.kit.clock import Millis

if TYPE_CHECKING:
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
