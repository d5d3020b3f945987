"""Large bodies, stored in items of their own."""

from typing import TYPE_CHECKING

from jobs.core.adapters.dynamodb import items
from jobs.core.job import Job
from jobs.kit.aws.dynamodb.attributes import Values, attributes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


def put_request(client: "DynamoDBClient", table: str, job: Job) -> None:
    """Write a large request before its header; readers ignore it until then."""
    if not items.fits_inline(job.request):
        put_body(client, table, job, items.REQUEST, items.to_text(job.request))


def put_body(client: "DynamoDBClient", table: str, job: Job, suffix: str, body: str) -> None:
    """Write a body under a key that no other writer uses."""
    values: Values = {"body": body, "expires_at": items.ttl(job)}
    item = items.key(job.ref, suffix) | attributes(values)
    client.put_item(TableName=table, Item=item)
