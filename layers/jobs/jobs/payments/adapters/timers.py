"""Watching of open payments: an execution until its request has ended, then delayed messages."""

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.sqs import delay_until
from jobs.kit.aws.stepfunctions import start_once, timestamp
from jobs.kit.clock import Clock, Millis
from jobs.payments.payment import Payment

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_stepfunctions.client import SFNClient


class StepFunctionsPaymentTimers:
    def __init__(self, client: "SFNClient", *, payment_arn: str) -> None:
        self._client = client
        self._payment_arn = payment_arn

    def follow(self, payment: Payment, *, at: Millis) -> None:
        digest = hashlib.sha256(payment.id.encode()).hexdigest()[:48]
        name = f"{digest}-{payment.created_at}"  # a released payment can be reserved again
        about = {"paymentId": payment.id, "tenant": payment.tenant, "at": timestamp(at)}
        start_once(self._client, self._payment_arn, name, about)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCheck:
    payment_id: str
    tenant: str


class SqsPaymentChecks:
    """Sends messages with their tenant as message group, which makes the queue fair."""

    def __init__(self, client: "SQSClient", queue_url: str, clock: Clock) -> None:
        self._client = client
        self._queue_url = queue_url
        self._clock = clock

    def schedule(self, check: PaymentCheck, *, at: Millis) -> None:
        with convert_aws_errors():
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=to_text(check),
                MessageGroupId=check.tenant,
                DelaySeconds=delay_until(at, now=self._clock()),
            )


def to_text(check: PaymentCheck) -> str:
    return json.dumps({"paymentId": check.payment_id, "tenant": check.tenant})


def parse_check(text: str) -> PaymentCheck:
    message: Any = json.loads(text)
    return PaymentCheck(payment_id=message["paymentId"], tenant=message["tenant"])
