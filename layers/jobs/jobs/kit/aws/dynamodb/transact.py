"""Transactions."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from jobs.kit.aws.client import code_of, convert_aws_errors, to_failure
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.kit.retry import retry_on_conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

CONFLICT_BACKOFF_S: Final = 0.02


class WriteConflictError(UnavailableError):
    """Other transactions write the same items."""

    def __init__(self) -> None:
        super().__init__("too many writers race for the same items")


def transact(client: "DynamoDBClient", writes: Sequence[Any]) -> Sequence[Mapping[str, Any] | None]:
    """Write all items, or none. Return an empty sequence if all were written.

    A transaction that conflicts with others is repeated. Raises `WriteConflictError` in the end,
    and `RefusedError` for a write that DynamoDB never accepts, such as a too large item.
    """
    return retry_on_conflict(
        partial(_transact, client, writes), WriteConflictError, backoff_s=CONFLICT_BACKOFF_S
    )


def _transact(
    client: "DynamoDBClient", writes: Sequence[Any]
) -> Sequence[Mapping[str, Any] | None]:
    try:
        with convert_aws_errors():
            client.transact_write_items(TransactItems=writes)
    except ClientError as error:
        if code_of(error) != "TransactionCanceledException":
            raise
        reasons: Any = error.response["CancellationReasons"]
        refused = [each["Code"] == "ConditionalCheckFailed" for each in reasons]
        if not any(refused):
            lasting = [to_failure(each["Code"]) for each in reasons]
            raise next(
                (each for each in lasting if isinstance(each, RefusedError)), WriteConflictError()
            ) from error
        return [
            each.get("Item", {}) if failed else None
            for each, failed in zip(reasons, refused, strict=True)
        ]
    return ()
