"""The timers of missions, as Step Functions executions."""

from typing import TYPE_CHECKING

from jobs.core.adapters.timers import start
from jobs.core.job import JobRef
from jobs.kit.aws.stepfunctions import timestamp
from jobs.kit.clock import Millis

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


class StepFunctionsMissionTimers:
    def __init__(self, client: "SFNClient", *, mission_arn: str) -> None:
        self._client = client
        self._mission_arn = mission_arn

    def fly(self, ref: JobRef, *, due_at: Millis) -> None:
        start(self._client, self._mission_arn, ref, {"dueAt": timestamp(due_at)})
