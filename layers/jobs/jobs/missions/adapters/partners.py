"""Clients in the registry table."""

from typing import TYPE_CHECKING

from jobs.core.resource import Row, Values
from jobs.kit.aws.dynamodb.rows import Rows
from jobs.kit.cache import Cache
from jobs.kit.clock import Clock
from jobs.missions.partner import Client, Role

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoPartners:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._rows = Rows(client, table)
        self._clients = Cache[Client](clock)
        self._clock = clock

    def client(self, client_id: str) -> Client | None:
        found = self._clients.get(client_id) or self._read(client_id)
        return found if found and found.is_valid(self._clock()) else None

    def put_client(self, client: Client) -> None:
        row = {"tenant": client.tenant, **to_row(client)}
        self._rows.put(f"CLIENT#{client.id}", "CLIENT", row)

    def _read(self, client_id: str) -> Client | None:
        row = self._rows.get(f"CLIENT#{client_id}", "CLIENT")
        if not row:
            return None
        return self._clients.put(client_id, value=from_row(row["tenant"], client_id, row))


def to_row(client: Client) -> Values:
    return {
        "name": client.name,
        "role": client.role.name,
        "key_id": client.key_id or None,
        "created_at": client.created_at,
        "expires_at": client.expires_at,
        "replaced_by": client.replaced_by,
    }


def from_row(tenant: str, client_id: str, row: Row) -> Client:
    return Client(
        id=client_id,
        tenant=tenant,
        name=row["name"],
        role=Role[row["role"]],
        key_id=row.get("key_id", ""),
        created_at=row.get("created_at"),
        expires_at=row.get("expires_at"),
        replaced_by=row.get("replaced_by"),
    )
