"""Watching of open payments by a Step Functions state machine."""

import hashlib
from typing import TYPE_CHECKING

from jobs.kit.aws.stepfunctions import start_once, timestamp
from jobs.kit.clock import Millis
from jobs.payments.payment import Payment

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


class StepFunctionsPaymentTimers:
    def __init__(self, client: "SFNClient", *, payment_arn: str) -> None:
        self._client = client
        self._payment_arn = payment_arn

    def follow(self, payment: Payment, *, at: Millis) -> None:
        digest = hashlib.sha256(payment.id.encode()).hexdigest()[:48]
        name = f"{digest}-{payment.created_at}"  # a released payment can be reserved again
        about = {"paymentId": payment.id, "at": timestamp(at)}
        start_once(self._client, self._payment_arn, name, about)
