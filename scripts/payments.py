"""Print the payments of a deployed stack, the last changed first.

usage: make payments [STATE=claimed|settled|refused|unknown|released] [LIMIT=50] [STAGE=dev|prod]

Without a state: the payments whose outcome is unknown. Reads the index only, and only as many
payments as it prints.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from jobs.payments.payment import PaymentState
from scripts.command import STACK_ERRORS, connect, create_stack_parser, fail

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

type Row = dict[str, Any]

_COLUMNS: Final = ("changed", "state", "usdc", "network", "payer", "tenant", "job", "transaction")
_DECIMALS: Final = 10**6


def list_payments(client: "DynamoDBClient", table: str, state: PaymentState) -> Iterator[Row]:
    """Yield the payments in a state, the last changed first."""
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


def format_row(row: Row) -> tuple[str, ...]:
    """Return a payment's cells; the reason replaces a missing transaction."""
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


def format_table(payments: Sequence[Sequence[str]]) -> str:
    rows = [_COLUMNS, *payments]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def main() -> int:
    parser = create_stack_parser(__doc__)
    parser.add_argument("--state", choices=[*PaymentState])
    parser.add_argument("--limit", type=int, default=50)
    options = parser.parse_args()
    states = (
        [PaymentState(options.state)]
        if options.state
        else [state for state in PaymentState if state.is_open]
    )
    try:
        stack = connect(options)
        client, table = stack.session.client("dynamodb"), stack.outputs["PaymentTableName"]
        rows = [
            format_row(row)
            for state in states
            for row in islice(list_payments(client, table, state), options.limit)
        ]
    except STACK_ERRORS as error:
        return fail("payments", str(error))
    print(format_table(sorted(rows, reverse=True)[: options.limit]) if rows else "no such payments")
    return 0


if __name__ == "__main__":
    sys.exit(main())
