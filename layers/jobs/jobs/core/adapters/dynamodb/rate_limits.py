"""Windows of rate limits, in the mission table.

A conditional write increments an open window that is not full, or replaces a past one. The SDK
repeats a write whose response was lost, which then counts twice: a caller may get less than its
limit, never more.
"""

from functools import partial
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


class _WindowConflictError(UnavailableError):
    def __init__(self) -> None:
        super().__init__("too many callers race to begin a window")


class DynamoRateLimits:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def take(self, owner: str, limit: Limit) -> Allowance:
        return retry_on_conflict(
            partial(self._take, owner, limit), _WindowConflictError, max_attempts=_MAX_ATTEMPTS
        )

    def _take(self, owner: str, limit: Limit) -> Allowance:
        now = self._clock()
        row, counted = self._count(owner, limit, now)
        if counted or row.get("resets_at", 0) > now:
            return _allowance(row, limit, granted=counted)
        row, has_begun = self._begin(owner, limit, now)
        if not has_begun:
            raise _WindowConflictError
        return _allowance(row, limit, granted=True)

    def _count(self, owner: str, limit: Limit, now: Millis) -> tuple[dict[str, Any], bool]:
        return self._update(owner, limit, {
            "UpdateExpression": "ADD taken :one",
            "ConditionExpression": "resets_at > :now AND taken < :max",
            "ExpressionAttributeValues": attributes(
                {":one": 1, ":now": now, ":max": limit.max_requests}
            ),
        })  # fmt: skip

    def _begin(self, owner: str, limit: Limit, now: Millis) -> tuple[dict[str, Any], bool]:
        resets_at = now + limit.window
        return self._update(owner, limit, {
            "UpdateExpression": "SET taken = :one, resets_at = :end, expires_at = :gone",
            "ConditionExpression": "attribute_not_exists(PK) OR resets_at <= :now",
            "ExpressionAttributeValues": attributes(
                {":one": 1, ":end": resets_at, ":gone": resets_at // 1000 + 1, ":now": now}
            ),
        })  # fmt: skip

    def _update(
        self, owner: str, limit: Limit, update: dict[str, Any]
    ) -> tuple[dict[str, Any], bool]:
        """Return the current window, and whether the update was applied."""
        try:
            with convert_aws_errors():
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=attributes({"PK": f"LIMIT#{owner}#{limit.name}", "SK": "WINDOW"}),
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


def _allowance(row: dict[str, Any], limit: Limit, *, granted: bool) -> Allowance:
    return Allowance(
        limit=limit.max_requests,
        remaining=max(0, limit.max_requests - row["taken"]),
        resets_at=row["resets_at"],
        granted=granted,
    )
