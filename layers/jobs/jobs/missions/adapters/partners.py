"""Clients in the registry table."""

from typing import TYPE_CHECKING

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

    def client(self, client_id: str) -> Client | None:
        if known := self._clients.get(client_id):
            return known
        row = self._rows.get(f"CLIENT#{client_id}", "CLIENT")
        if not row:
            return None
        found = Client(id=client_id, tenant=row["tenant"], name=row["name"], role=Role[row["role"]])
        return self._clients.put(client_id, value=found)

    def put_client(self, client: Client) -> None:
        row = {"tenant": client.tenant, "name": client.name, "role": client.role.name}
        self._rows.put(f"CLIENT#{client.id}", "CLIENT", row)
