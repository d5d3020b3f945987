"""Print the payments of a deployed stack, those that changed last first.

usage: make payments STACK=sortie-dev [STATE=claimed|settled|refused|unknown|released] [LIMIT=50]

Without a state: those whose outcome is not known. Only the index is read, at the cost of what is
printed.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from jobs.payments.payment import PaymentState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

type Row = dict[str, Any]

_COLUMNS: Final = ("changed", "state", "usdc", "network", "payer", "tenant", "job", "transaction")
_DECIMALS: Final = 10**6


def payments(client: "DynamoDBClient", table: str, state: PaymentState) -> Iterator[Row]:
    """Give the payments in a state, those that changed last first."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        IndexName="by_state",
        KeyConditionExpression="#state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": state.value}},
        ScanIndexForward=False,
        PaginationConfig={"PageSize": 100},
    )
    for page in pages:
        yield from page["Items"]


def line(row: Row) -> tuple[str, ...]:
    """Spell one payment; a reason stands in the place of a transaction that there is not."""
    changed = datetime.fromtimestamp(int(row["changed_at"]["N"]) / 1000, UTC)
    return (
        changed.strftime("%Y-%m-%d %H:%M:%S"),
        row["state"]["S"],
        f"{int(row['amount']['S']) / _DECIMALS:.6f}",
        row["network"]["S"],
        row["payer"]["S"],
        row["tenant"]["S"],
        row["job_id"]["S"],
        row["transaction"]["S"] or row["reason"]["S"] or "-",
    )


def table(lines: Sequence[Sequence[str]]) -> str:
    rows = [_COLUMNS, *lines]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--state", choices=[*PaymentState])
    parser.add_argument("--limit", type=int, default=50)
    options = parser.parse_args()
    states = (
        [PaymentState(options.state)]
        if options.state
        else [state for state in PaymentState if state.is_open]
    )
    try:
        [found] = boto3.client("cloudformation").describe_stacks(StackName=options.stack)["Stacks"]
        outputs = {o["OutputKey"]: o["OutputValue"] for o in found["Outputs"]}
        client = boto3.client("dynamodb")
        rows = [
            line(row)
            for state in states
            for row in islice(payments(client, outputs["PaymentTableName"], state), options.limit)
        ]
    except (BotoCoreError, ClientError) as error:
        print(f"payments: stack {options.stack!r}: {error}", file=sys.stderr)
        return 1
    print(table(sorted(rows, reverse=True)[: options.limit]) if rows else "no such payments")
    return 0


if __name__ == "__main__":
    sys.exit(main())
