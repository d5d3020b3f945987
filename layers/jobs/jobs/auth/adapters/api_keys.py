"""API keys in the registry table."""

from contextlib import suppress
from typing import TYPE_CHECKING

from jobs.auth.api_key import ApiKey
from jobs.core.resource import Row, Values
from jobs.kit.aws.dynamodb.attributes import attributes
from jobs.kit.aws.dynamodb.rows import Rows
from jobs.kit.clock import Millis

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoApiKeys:
    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._rows = Rows(client, table)

    def key(self, key_id: str) -> ApiKey | None:
        row = self._rows.get(f"KEY#{key_id}", "KEY")
        return from_row(row["tenant"], key_id, row) if row else None

    def put_key(self, key: ApiKey) -> None:
        self._rows.put(f"KEY#{key.id}", "KEY", {"tenant": key.tenant, **to_row(key)})


class DynamoKeyUses:
    """`client` waits for half a second at most, as requests wait for it."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def note(self, key_id: str, hour: Millis) -> None:
        """Names no attributes but the keys and `used_at`: the authorizer may change no others."""
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.update_item(
                TableName=self._table,
                Key=attributes({"PK": f"KEY#{key_id}", "SK": "KEY"}),
                UpdateExpression="SET used_at = :hour",
                ConditionExpression=(
                    "attribute_exists(PK) AND (attribute_not_exists(used_at) OR used_at < :hour)"
                ),
                ExpressionAttributeValues=attributes({":hour": hour}),
            )


def to_row(key: ApiKey) -> Values:
    return {
        "sha256": key.sha256,
        "opens": key.opens,
        "scopes": " ".join(sorted(key.scopes)) or None,
        "expires_at": key.expires_at,
        "used_at": key.used_at,
        "name": key.name or None,
        "created_at": key.created_at,
        "replaced_by": key.replaced_by,
    }


def from_row(tenant: str, key_id: str, row: Row) -> ApiKey:
    return ApiKey(
        id=key_id,
        tenant=tenant,
        sha256=row["sha256"],
        opens=row.get("opens", "messaging"),
        scopes=frozenset(row.get("scopes", "").split()),
        expires_at=row.get("expires_at"),
        used_at=row.get("used_at"),
        name=row.get("name", ""),
        created_at=row.get("created_at"),
        replaced_by=row.get("replaced_by"),
    )
