"""Several writes, all or none."""

import random
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from jobs.kit.aws.client import code_of, passing_failures
from jobs.kit.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_ATTEMPTS: Final = 10


def transact(client: "DynamoDBClient", writes: Sequence[Any]) -> Sequence[Mapping[str, Any] | None]:
    """Return nothing if all was written; else, for each write, its item if its condition failed.

    What only collides with others' transactions is tried again.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with passing_failures():
                client.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if code_of(error) != "TransactionCanceledException":
                raise
            reasons: Any = error.response["CancellationReasons"]
            refused = [each["Code"] == "ConditionalCheckFailed" for each in reasons]
            if any(refused):
                return [
                    each.get("Item", {}) if failed else None
                    for each, failed in zip(reasons, refused, strict=True)
                ]
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - a race to be spread
        else:
            return ()
    raise UnavailableError("too many writers race for one item")
