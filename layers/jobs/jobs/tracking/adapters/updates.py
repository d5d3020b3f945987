"""The SQS queue of updates: changes of missions, readings of devices, and expired shares."""

import json
from typing import TYPE_CHECKING, Any

from jobs.core.adapters.messages import ref_fields, ref_from
from jobs.core.status import JobStatus
from jobs.kit.aws.client import convert_aws_errors
from jobs.missions.adapters.readings import parse_reading
from jobs.missions.device import StoredReading
from jobs.tracking.adapters.messages import parse_share
from jobs.tracking.change import MissionChange
from jobs.tracking.share import ShareExpiry

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class SqsUpdates:
    """Sends messages with their tenant as message group, which makes the queue fair.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, change: MissionChange) -> None:
        with convert_aws_errors():
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=to_text(change),
                MessageGroupId=change.ref.tenant,
            )


def to_text(change: MissionChange) -> str:
    return json.dumps({
        "change": {
            "job": ref_fields(change.ref), "status": change.status, "sequence": change.sequence,
            "changedAt": change.changed_at, "device": change.device,
        },
    })  # fmt: skip


def parse_update(text: str) -> MissionChange | StoredReading | ShareExpiry:
    """Parse a message of this adapter, the readings or a share's timer. Raises `ValueError`."""
    message: Any = json.loads(text)
    match message:
        case {"reading": _}:
            return parse_reading(message)
        case {"share": share}:
            return parse_share(share)
        case {"change": change}:
            return MissionChange(
                ref=ref_from(change["job"]),
                status=JobStatus(change["status"]),
                sequence=change["sequence"],
                changed_at=change["changedAt"],
                device=change["device"],
            )
    raise ValueError("not an update")
