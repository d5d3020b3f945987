"""API keys in the registry table."""

from typing import TYPE_CHECKING

from jobs.auth.api_key import ApiKey, Scope
from jobs.kit.aws.dynamodb.rows import Rows

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoApiKeys:
    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._rows = Rows(client, table)

    def key(self, key_id: str) -> ApiKey | None:
        row = self._rows.get(f"KEY#{key_id}", "KEY")
        if not row:
            return None
        return ApiKey(
            id=key_id,
            tenant=row["tenant"],
            sha256=row["sha256"],
            opens=row.get("opens", "messaging"),
            scopes=frozenset(map(Scope, row.get("scopes", "").split())),
            expires_at=row.get("expires_at"),
        )

    def put_key(self, key: ApiKey) -> None:
        row = {
            "tenant": key.tenant,
            "sha256": key.sha256,
            "opens": key.opens,
            "scopes": " ".join(sorted(key.scopes)) or None,
            "expires_at": key.expires_at,
        }
        self._rows.put(f"KEY#{key.id}", "KEY", row)
