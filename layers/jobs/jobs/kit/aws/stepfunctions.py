"""Time, kept by Step Functions: one execution per job or share and purpose, named after it."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jobs.core.adapters.messages import spelled, spelled_share
from jobs.core.job import JobRef, Millis
from jobs.kit.aws.client import passing_failures
from jobs.payments.payment import Payment
from jobs.tracking.share import Share

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


class StepFunctionsShareTimers:
    def __init__(self, client: "SFNClient", *, expiry_arn: str) -> None:
        self._client = client
        self._expiry_arn = expiry_arn

    def expire(self, share: Share) -> None:
        at = timestamp(share.expires_at)
        _run(self._client, self._expiry_arn, share.id, {"share": spelled_share(share), "at": at})


class StepFunctionsPaymentTimers:
    def __init__(self, client: "SFNClient", *, payment_arn: str) -> None:
        self._client = client
        self._payment_arn = payment_arn

    def follow(self, payment: Payment, *, at: Millis) -> None:
        digest = hashlib.sha256(payment.id.encode()).hexdigest()[:48]
        name = (
            f"{digest}-{payment.created_at}"  # a payment that came to nothing can be claimed anew
        )
        about = {"paymentId": payment.id, "at": timestamp(at)}
        _run(self._client, self._payment_arn, name, about)


def _start(client: "SFNClient", arn: str, ref: JobRef, times: dict[str, str]) -> None:
    _run(client, arn, ref.id, {"job": spelled(ref)} | times)


def _run(client: "SFNClient", arn: str, name: str, about: Mapping[str, Any]) -> None:
    # The name is the idempotency key: starting twice is starting once.
    with suppress(client.exceptions.ExecutionAlreadyExists), passing_failures():
        client.start_execution(stateMachineArn=arn, name=name, input=json.dumps(about))


def timestamp(millis: Millis) -> str:
    """Whole seconds, rounded up: a wait must never end before its time."""
    return datetime.fromtimestamp(-(-millis // 1000), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
