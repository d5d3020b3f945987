"""Transactions."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from jobs.kit.aws.client import code_of, convert_transient_errors
from jobs.kit.errors import UnavailableError
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

    Otherwise return, for each write, the stored item if its condition failed, else None. Retries
    after conflicts with other transactions; raises `WriteConflictError` after the last attempt.
    """
    return retry_on_conflict(
        partial(_transact, client, writes), WriteConflictError, backoff_s=CONFLICT_BACKOFF_S
    )


def _transact(
    client: "DynamoDBClient", writes: Sequence[Any]
) -> Sequence[Mapping[str, Any] | None]:
    try:
        with convert_transient_errors():
            client.transact_write_items(TransactItems=writes)
    except ClientError as error:
        if code_of(error) != "TransactionCanceledException":
            raise
        reasons: Any = error.response["CancellationReasons"]
        refused = [each["Code"] == "ConditionalCheckFailed" for each in reasons]
        if not any(refused):
            raise WriteConflictError from error
        return [
            each.get("Item", {}) if failed else None
            for each, failed in zip(reasons, refused, strict=True)
        ]
    return ()
