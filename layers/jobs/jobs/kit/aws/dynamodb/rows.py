"""Single items of a table with the keys PK and SK, as plain values."""

from typing import TYPE_CHECKING, Any, Final

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Values, attributes, plain

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


_MAX_PK_BYTES: Final = 2048
_MAX_SK_BYTES: Final = 1024
"""DynamoDB's limits: a request with a longer key is an error, rather than that no item is found.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""


class Rows:
    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def get(self, pk: str, sk: str) -> dict[str, Any] | None:
        """Return an item by a consistent read, because callers cache missing items.

        Keys contain ids of requests, of any length: no item has a key over DynamoDB's limits.
        """
        if len(pk.encode()) > _MAX_PK_BYTES or len(sk.encode()) > _MAX_SK_BYTES:
            return None
        with convert_aws_errors():
            found = self._client.get_item(
                TableName=self._table,
                Key=attributes({"PK": pk, "SK": sk}),
                ConsistentRead=True,
            ).get("Item")
        return plain(found) if found else None

    def put(self, pk: str, sk: str, row: Values) -> None:
        """Write an item whole. Idempotent."""
        with convert_aws_errors():
            self._client.put_item(
                TableName=self._table, Item=attributes({"PK": pk, "SK": sk, **row})
            )
