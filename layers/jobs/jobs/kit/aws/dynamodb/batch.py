"""Batch reads."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from jobs.kit.aws.dynamodb.attributes import Item, Stored

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


def get_all(client: "DynamoDBClient", table: str, keys: Sequence[Item]) -> Iterator[Stored]:
    """Read up to 100 items consistently; skip absent ones and retry unprocessed keys."""
    wanted: Any = {table: {"Keys": keys, "ConsistentRead": True}} if keys else {}
    while wanted:
        answer = client.batch_get_item(RequestItems=wanted)
        yield from answer["Responses"].get(table, [])
        wanted = answer["UnprocessedKeys"]
