"""Copy data to a deployed stack, which takes over the keys, agents and ended jobs."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jobs import kinds
from jobs.core.adapters.dynamodb.bodies import put_body, put_request
from jobs.core.adapters.dynamodb.items import JobItems, to_text
from jobs.core.adapters.sqlite.rows import JobRows
from jobs.kit.aws.dynamodb.attributes import Item, attributes
from jobs.kit.clock import Millis

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_WRITE_ID: Final = "export"
"""Always the same, so that a second run writes a large result over that of the first."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The numbers of items that were written, and of those that the stack has already."""

    written: int
    known: int


def export_registry(file: Path, client: "DynamoDBClient", table: str) -> Exported:
    """Write each row of the registry to a stack's table, unless the row is there already.

    The rows have keys' hashes, never keys. A second run writes only what the first has not.
    """
    return _count(
        _put(client, table, attributes({"PK": pk, "SK": sk, **json.loads(row)}))
        for pk, sk, row in _select(file, "SELECT pk, sk, row FROM registry ORDER BY pk, sk")
    )


def export_jobs(file: Path, client: "DynamoDBClient", table: str, *, now: Millis) -> Exported:
    """Write each ended job to a stack's table, unless the job is there already.

    The stack counts them. It does not tell of them again (`JobChange.is_import`).
    """
    query = "SELECT * FROM jobs WHERE ended_at IS NOT NULL AND expires_at > ? ORDER BY id"
    return _count(_put_job(client, table, row) for row in _select(file, query, now))


def _put_job(client: "DynamoDBClient", table: str, row: sqlite3.Row) -> bool:
    job = JobRows(kinds.storage).to_job(dict(row))
    header = JobItems(kinds.storage).header(job, write_id=_WRITE_ID)
    put_request(client, table, job)
    if job.result is not None and "result_body" in header:
        put_body(client, table, job, header["result_body"]["S"], to_text(job.result))
    # Some details are written apart from the job, such as the latest job of a conversation.
    return _put(client, table, header | attributes(json.loads(row["details"])))


def _select(file: Path, query: str, *values: int) -> Iterator[sqlite3.Row]:
    uri = f"{file.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as database:
        database.row_factory = sqlite3.Row
        yield from database.execute(query, values)


def _put(client: "DynamoDBClient", table: str, item: Item) -> bool:
    try:
        client.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(PK)")
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _count(outcomes: Iterator[bool]) -> Exported:
    written = [*outcomes]
    return Exported(written=sum(written), known=len(written) - sum(written))
