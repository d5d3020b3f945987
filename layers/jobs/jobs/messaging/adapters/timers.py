"""Polling of remote jobs by a Step Functions state machine."""

from typing import TYPE_CHECKING

from jobs.core.adapters.timers import start
from jobs.core.job import JobRef
from jobs.kit.aws.stepfunctions import timestamp
from jobs.kit.clock import Millis

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


class StepFunctionsPollTimers:
    def __init__(self, client: "SFNClient", *, poll_arn: str) -> None:
        self._client = client
        self._poll_arn = poll_arn

    def poll(self, ref: JobRef, *, until: Millis) -> None:
        start(self._client, self._poll_arn, ref, {"until": timestamp(until)})
