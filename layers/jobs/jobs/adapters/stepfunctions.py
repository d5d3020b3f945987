"""Time, kept by Step Functions: one execution per job and purpose, named after the job."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobs.adapters.aws import passing_failures
from jobs.adapters.messages import spelled
from jobs.domain.job import JobRef, Millis

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


class StepFunctionsTimers:
    def __init__(self, client: "SFNClient", *, time_out_arn: str, poll_arn: str) -> None:
        self._client = client
        self._time_out_arn = time_out_arn
        self._poll_arn = poll_arn

    def time_out(self, ref: JobRef, *, at: Millis) -> None:
        _start(self._client, self._time_out_arn, ref, {"at": timestamp(at)})

    def poll(self, ref: JobRef, *, until: Millis) -> None:
        _start(self._client, self._poll_arn, ref, {"until": timestamp(until)})


class StepFunctionsMissionTimers:
    def __init__(self, client: "SFNClient", *, mission_arn: str) -> None:
        self._client = client
        self._mission_arn = mission_arn

    def fly(self, ref: JobRef, *, due_at: Millis) -> None:
        _start(self._client, self._mission_arn, ref, {"dueAt": timestamp(due_at)})


def _start(client: "SFNClient", arn: str, ref: JobRef, times: dict[str, str]) -> None:
    # The name is the idempotency key: starting twice is starting once.
    with suppress(client.exceptions.ExecutionAlreadyExists), passing_failures():
        client.start_execution(
            stateMachineArn=arn, name=ref.id, input=json.dumps({"job": spelled(ref)} | times)
        )


def timestamp(millis: Millis) -> str:
    """Whole seconds, rounded up: a wait must never end before its time."""
    return datetime.fromtimestamp(-(-millis // 1000), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
