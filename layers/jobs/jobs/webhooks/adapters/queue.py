"""The SQS queue of deliveries. A message is a reference; the webhook table has the delivery."""

import json
from collections.abc import Sequence
from itertools import batched
from typing import TYPE_CHECKING, Final

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.webhooks.webhook import DeliveryRef

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

_MAX_BATCH_SIZE: Final = 10


class SqsDeliveryQueue:
    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, refs: Sequence[DeliveryRef]) -> None:
        for batch in batched(refs, _MAX_BATCH_SIZE, strict=False):
            with convert_aws_errors():
                response = self._client.send_message_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {"Id": str(n), "MessageBody": to_text(ref)} for n, ref in enumerate(batch)
                    ],
                )
            if failed := response.get("Failed"):
                lasting = all(each["SenderFault"] for each in failed)
                kind = RefusedError if lasting else UnavailableError
                raise kind("SQS rejected messages of a batch")


def to_text(ref: DeliveryRef) -> str:
    return json.dumps({"tenant": ref.tenant, "jobId": ref.job_id, "deliveryId": ref.id})


def from_text(text: str) -> DeliveryRef:
    """Parse a reference. Raises `ValueError`."""
    match json.loads(text):
        case {"tenant": str(tenant), "jobId": str(job_id), "deliveryId": str(delivery_id)}:
            return DeliveryRef(tenant=tenant, job_id=job_id, id=delivery_id)
    raise ValueError("not a reference to a delivery")
