"""Restore the lost items of a deployed stack's table, as of a point in time.

usage: make restore TABLE=Registry AT=2026-11-30T12:00:00Z [STAGE=dev|prod]

DynamoDB restores the table into a new one. From there this command copies the items that the
stack's table no longer has; it changes no item that is there, and leaves out those that have
expired. Run it again after an interruption: it goes on with the new table.
"""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from scripts.command import STACK_ERRORS, connect, create_stack_parser, fail

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

type Item = Mapping[str, Any]

_SUFFIX: Final = "TableName"
_WRITERS: Final = 16
_WAIT_S: Final = 10


def parse_time(text: str) -> datetime:
    """Return a time with its zone. Raises `ValueError`."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("AT needs a time zone, such as Z for UTC: 2026-11-30T12:00:00Z")
    return at.astimezone(UTC)


def restore_table(client: "DynamoDBClient", table: str, at: datetime) -> str:
    """Have DynamoDB restore the table into a new one, wait for it, and return its name."""
    copy = f"{table}-{at:%Y%m%dT%H%M%S}"
    try:
        client.restore_table_to_point_in_time(
            SourceTableName=table, TargetTableName=copy, RestoreDateTime=at
        )
    except client.exceptions.TableAlreadyExistsException:
        print(f"going on with {copy}", file=sys.stderr)
    began = time.monotonic()
    while (status := client.describe_table(TableName=copy)["Table"]["TableStatus"]) != "ACTIVE":
        waited = time.monotonic() - began
        print(f"\r{copy} is {status.lower()}, {waited:.0f} s", end="", file=sys.stderr, flush=True)
        time.sleep(_WAIT_S)
    return copy


def scan(client: "DynamoDBClient", table: str) -> Iterator[Sequence[Item]]:
    """Yield all items, page by page."""
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield page["Items"]


def put_if_missing(client: "DynamoDBClient", table: str, item: Item) -> bool:
    """Put an item unless the table has one with its key; return whether it was missing."""
    try:
        client.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(PK)")
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def copy_missing(client: "DynamoDBClient", source: str, target: str) -> tuple[int, int]:
    """Copy what the target lacks and has not expired; return how many were copied, and seen."""
    copied = seen = 0
    now = time.time()
    with ThreadPoolExecutor(_WRITERS) as pool:
        for items in scan(client, source):
            lasting = [i for i in items if float(i.get("expires_at", {"N": now + 1})["N"]) > now]
            copied += sum(pool.map(partial(put_if_missing, client, target), lasting))
            seen += len(items)
            print(f"\r{seen} items read, {copied} restored", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return copied, seen


def main() -> int:
    parser = create_stack_parser(__doc__)
    parser.add_argument("--table", required=True)
    parser.add_argument("--at", required=True)
    options = parser.parse_args()
    try:
        at = parse_time(options.at)
        stack = connect(options)
        tables = {
            key.removesuffix(_SUFFIX): value
            for key, value in stack.outputs.items()
            if key.endswith(_SUFFIX)
        }
        if options.table not in tables:
            return fail("restore", f"TABLE is one of {', '.join(sorted(tables))}")
        client, table = stack.session.client("dynamodb"), tables[options.table]
        copy = restore_table(client, table, at)
        copied, seen = copy_missing(client, copy, table)
    except ValueError as error:
        return fail("restore", f"AT is no time: {error}")
    except STACK_ERRORS as error:
        return fail("restore", str(error))
    print(f"{copied} of {seen} items were missing from {table} and are restored.")
    print("When all is well, delete the restored copy:")
    print(f"  aws dynamodb delete-table --region {stack.region} --table-name {copy}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
