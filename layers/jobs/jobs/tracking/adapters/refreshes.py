"""Scheduled refreshes of connections, as messages of an SQS queue that delays them."""

import json
from typing import TYPE_CHECKING, Any

from jobs.kit.aws.client import convert_aws_errors
from jobs.tracking.connection import Connection
from jobs.tracking.resource import Resource, ResourceKind

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class SqsRefreshes:
    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def schedule(self, connection: Connection) -> None:
        with convert_aws_errors():
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=to_text(connection),
                MessageGroupId=connection.resource.tenant,  # which makes the queue fair
            )


def to_text(connection: Connection) -> str:
    """Return a pointer to a stored connection."""
    resource = connection.resource
    return json.dumps({
        "id": connection.id, "until": connection.until,
        "tenant": resource.tenant, "kind": resource.kind, "resource": resource.id,
    })  # fmt: skip


def parse_connection(text: str) -> Connection:
    message: Any = json.loads(text)
    resource = Resource(
        tenant=message["tenant"], kind=ResourceKind(message["kind"]), id=message["resource"]
    )
    return Connection(id=message["id"], resource=resource, until=message["until"])
