"""Windows of rate limits, in the mission table.

A conditional write increments an open window that is not full, or replaces a past one. The SDK
repeats a write whose response was lost, which then counts twice: a caller may get less than its
limit, never more.

A high limit has several items, which share it and the end of its window: one item takes 1,000
writes a second. A request is refused only if none of them has room, so the limit remains exact.
"""

import secrets
from dataclasses import replace
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from jobs.core.rate_limit import Allowance, Limit
from jobs.kit.aws.client import code_of, convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import attributes, plain
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import UnavailableError
from jobs.kit.retry import retry_on_conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_MAX_ATTEMPTS: Final = 4
"""A caller loses at most one race to begin a window, unless clocks differ by a whole window."""
_REQUESTS_A_SECOND: Final = 250
"""Of one item: a quarter of what its partition takes, as refused requests are writes, too.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
"""
_MAX_ITEMS: Final = 16
"""A refused request writes to each."""


class _WindowConflictError(UnavailableError):
    def __init__(self) -> None:
        super().__init__("too many callers race to begin a window")


class DynamoRateLimits:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def take(self, owner: str, limit: Limit) -> Allowance:
        """`remaining` is an estimate if several items share the limit."""
        keys = _keys(owner, limit)
        first = secrets.randbelow(len(keys)) if len(keys) > 1 else 0
        for tried in range(len(keys)):
            number = (first + tried) % len(keys)
            part = replace(limit, max_requests=(limit.max_requests + number) // len(keys))
            allowance = retry_on_conflict(
                partial(self._take, keys[number], part, keys[0]),
                _WindowConflictError,
                max_attempts=_MAX_ATTEMPTS,
            )
            if allowance.granted:
                break
        open_parts = len(keys) - tried
        return replace(
            allowance, limit=limit.max_requests, remaining=allowance.remaining * open_parts
        )

    def _take(self, key: str, limit: Limit, first_key: str) -> Allowance:
        now = self._clock()
        row, counted = self._count(key, limit, now)
        if counted or row.get("resets_at", 0) > now:
            return _allowance(row, limit, granted=counted)
        resets_at = now + limit.window
        if key != first_key:  # all items have the window of the first
            row, _ = self._begin(first_key, now, resets_at, taken=0)
            resets_at = row["resets_at"]
        row, has_begun = self._begin(key, now, resets_at, taken=1)
        if not has_begun:
            raise _WindowConflictError
        return _allowance(row, limit, granted=True)

    def _count(self, key: str, limit: Limit, now: Millis) -> tuple[dict[str, Any], bool]:
        return self._update(key, {
            "UpdateExpression": "ADD taken :one",
            "ConditionExpression": "resets_at > :now AND taken < :max",
            "ExpressionAttributeValues": attributes(
                {":one": 1, ":now": now, ":max": limit.max_requests}
            ),
        })  # fmt: skip

    def _begin(
        self, key: str, now: Millis, resets_at: Millis, *, taken: int
    ) -> tuple[dict[str, Any], bool]:
        gone = resets_at // 1000 + 1
        return self._update(key, {
            "UpdateExpression": "SET taken = :taken, resets_at = :end, expires_at = :gone",
            "ConditionExpression": "attribute_not_exists(PK) OR resets_at <= :now",
            "ExpressionAttributeValues": attributes(
                {":taken": taken, ":end": resets_at, ":gone": gone, ":now": now}
            ),
        })  # fmt: skip

    def _update(self, key: str, update: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Return the current window, and whether the update was applied."""
        try:
            with convert_aws_errors():
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=attributes({"PK": key, "SK": "WINDOW"}),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **update,
                )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            found: Any = error.response.get("Item", {})
            return plain(found), False
        return plain(answer["Attributes"]), True


def _keys(owner: str, limit: Limit) -> list[str]:
    """Return the partition keys of the items that share a limit."""
    wanted = ceil(limit.max_requests * 1000 / limit.window / _REQUESTS_A_SECOND)
    count = max(1, min(wanted, _MAX_ITEMS))
    first = f"LIMIT#{owner}#{limit.name}"
    return [first, *(f"{first}#{number}" for number in range(1, count))]


def _allowance(row: dict[str, Any], limit: Limit, *, granted: bool) -> Allowance:
    return Allowance(
        limit=limit.max_requests,
        remaining=max(0, limit.max_requests - row["taken"]),
        resets_at=row["resets_at"],
        granted=granted,
    )
