"""Read one page of a partition, bounded in items, bytes and queries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Stored

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

MAX_ITEMS: Final = 1000
MAX_BYTES: Final = 5 * 2**19
"""A Lambda response has 6 MB at most, and escaping quotes may double the size of a text.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""
_MAX_QUERIES: Final = 10
"""Each reads 1 MB at most, also of items that a filter leaves out."""


@dataclass(frozen=True, slots=True)
class ItemPage:
    """`last`: the sort key, or `by`, after which the next page begins; None at the end."""

    items: Sequence[Stored]
    last: str | None


def read_page(  # noqa: PLR0913 - the bounds of a page
    client: "DynamoDBClient",
    query: Mapping[str, Any],
    *,
    size_of: Callable[[Stored], int],
    after: str | None = None,
    limit: int = MAX_ITEMS,
    by: str = "SK",
) -> ItemPage:
    """Return the first page of a query whose range begins at `after`, without that item.

    `size_of` returns the bytes of an item in the response. `by` is the sort key's name, which an
    index may choose.
    """
    request: dict[str, Any] = {**query}
    items: list[Stored] = []
    size, last = 0, None
    for _ in range(_MAX_QUERIES):
        with convert_aws_errors():
            found = client.query(**request)
        for item in found["Items"]:
            if item[by]["S"] == after:
                continue
            size += size_of(item)
            if items and (len(items) == limit or size > MAX_BYTES):
                return ItemPage(items, items[-1][by]["S"])
            items.append(item)
        if "LastEvaluatedKey" not in found:
            return ItemPage(items, None)
        request["ExclusiveStartKey"] = found["LastEvaluatedKey"]
        last = found["LastEvaluatedKey"][by]["S"]
    return ItemPage(items, last)
