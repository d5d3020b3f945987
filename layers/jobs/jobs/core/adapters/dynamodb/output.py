"""The output table: the output items of each job."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from jobs.core.adapters.dynamodb.items import partition
from jobs.core.job import JobRef
from jobs.core.output_log import AsyncPause, ItemTakenError
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import attributes
from jobs.kit.clock import Millis
from jobs.kit.output.events import OutputEvent, OutputItem

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
            "events": _to_text(item.events),
            "end": 1 if item.end else None,
            "attempt": item.attempt or None,
            "expires_at": expires_at // 1000,
        }
        with convert_aws_errors():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=attributes(row),
                    ConditionExpression="attribute_not_exists(PK)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                stored: Any = error.response
                if (by := _attempt(stored["Item"])) != item.attempt:
                    raise ItemTakenError(by) from error

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

    def news(self, ref: JobRef) -> AbstractContextManager[AsyncPause]:
        """Return a plain pause: a table cannot tell that an item has come."""
        import asyncio  # noqa: PLC0415 - workers do without

        return nullcontext(asyncio.sleep)


def _partition(ref: JobRef) -> str:
    return f"{partition(ref)}#{ref.id}"


def _rank(number: int) -> str:
    return f"{number:010d}"


def _to_text(events: Sequence[OutputEvent]) -> str:
    """Serialize events in as few bytes as possible: those are what a write costs."""
    text = json.dumps(events, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a character
        return json.dumps(events, separators=(",", ":"))
    return text


def _attempt(row: Any) -> int:
    return int(row["attempt"]["N"]) if "attempt" in row else 0


def _item(row: Any) -> OutputItem:
    return OutputItem(
        number=int(row["SK"]["S"]),
        events=json.loads(row["events"]["S"]),
        end="end" in row,
        attempt=_attempt(row),
    )
