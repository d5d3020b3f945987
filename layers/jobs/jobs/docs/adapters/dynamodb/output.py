"""The output table: the output items of each docs job."""

import json
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from jobs.core.adapters.dynamodb.items import partition
from jobs.core.job import JobRef
from jobs.docs.ports import OutputItem
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import attributes
from jobs.kit.clock import Millis

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_PAGE_SIZE: Final = 50


class DynamoOutputLog:
    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def append(self, ref: JobRef, item: OutputItem, *, expires_at: Millis) -> None:
        row = {
            "PK": _partition(ref),
            "SK": _rank(item.number),
            "events": json.dumps(item.events, separators=(",", ":")),
            "end": 1 if item.end else None,
            "expires_at": expires_at // 1000,
        }
        with (
            convert_aws_errors(),
            suppress(self._client.exceptions.ConditionalCheckFailedException),
        ):
            self._client.put_item(
                TableName=self._table,
                Item=attributes(row),
                ConditionExpression="attribute_not_exists(PK)",
            )

    def read(self, ref: JobRef, *, since: int) -> Sequence[OutputItem]:
        with convert_aws_errors():
            found = self._client.query(
                TableName=self._table,
                KeyConditionExpression="PK = :job AND SK >= :since",
                ExpressionAttributeValues=attributes(
                    {":job": _partition(ref), ":since": _rank(since)}
                ),
                ConsistentRead=True,
                Limit=_PAGE_SIZE,
            )["Items"]
        items = (_item(each) for each in found)
        return [each for number, each in zip(count(since), items) if each.number == number]


def _partition(ref: JobRef) -> str:
    return f"{partition(ref)}#{ref.id}"


def _rank(number: int) -> str:
    return f"{number:010d}"


def _item(row: Any) -> OutputItem:
    return OutputItem(
        number=int(row["SK"]["S"]), events=json.loads(row["events"]["S"]), end="end" in row
    )
