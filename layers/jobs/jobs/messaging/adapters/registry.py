"""The registry table: agents, API keys, and the programs of partners."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from jobs.core.adapters.dynamodb.items import Item, Stored, Values, attributes, plain
from jobs.core.job import Millis
from jobs.core.ports import Clock
from jobs.kit.aws.client import passing_failures
from jobs.messaging.agent import Agent, ApiKey, Scope, chosen
from jobs.missions.partner import Client, Role

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_FRESH: Final[Millis] = 60_000


class DynamoRegistry:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._read: dict[str, tuple[Millis, Sequence[Agent]]] = {}
        self._clients: dict[str, tuple[Millis, Client]] = {}

    def agents(self, tenant: str) -> Sequence[Agent]:
        with passing_failures():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="PK = :pk AND begins_with(SK, :agent)",
                ExpressionAttributeValues=attributes(
                    {":pk": f"TENANT#{tenant}", ":agent": "AGENT#"}
                ),
            )
            found = [_to_agent(item) for page in pages for item in page["Items"]]
        agents = sorted(found, key=lambda agent: (agent.order, agent.id))
        self._read[tenant] = (self._clock(), agents)
        return agents

    def find_agent(self, tenant: str, agent_id: str | None) -> Agent | None:
        read_at, known = self._read.get(tenant, (0, ()))
        fresh = self._clock() < read_at + _FRESH
        found = chosen(known, agent_id) if fresh else None
        return found or chosen(self.agents(tenant), agent_id)

    def key(self, key_id: str) -> ApiKey | None:
        row = self._row(f"KEY#{key_id}", "KEY")
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

    def client(self, client_id: str) -> Client | None:
        read_at, known = self._clients.get(client_id, (0, None))
        if known and self._clock() < read_at + _FRESH:
            return known
        row = self._row(f"CLIENT#{client_id}", "CLIENT")
        if not row:
            return None
        found = Client(id=client_id, tenant=row["tenant"], name=row["name"], role=Role[row["role"]])
        self._clients[client_id] = (self._clock(), found)
        return found

    def put_agent(self, tenant: str, agent: Agent) -> None:
        with passing_failures():
            self._client.put_item(TableName=self._table, Item=_agent_item(tenant, agent))

    def put_key(self, key: ApiKey) -> None:
        row: Values = {
            "tenant": key.tenant,
            "sha256": key.sha256,
            "opens": key.opens,
            "scopes": " ".join(sorted(key.scopes)) or None,
            "expires_at": key.expires_at,
        }
        self._put(f"KEY#{key.id}", "KEY", row)

    def put_client(self, client: Client) -> None:
        row = {"tenant": client.tenant, "name": client.name, "role": client.role.name}
        self._put(f"CLIENT#{client.id}", "CLIENT", row)

    def _row(self, pk: str, sk: str) -> dict[str, Any] | None:
        with passing_failures():
            found = self._client.get_item(
                TableName=self._table,
                Key=attributes({"PK": pk, "SK": sk}),
                ConsistentRead=True,  # a refusal is cached: what is new must not meet one
            ).get("Item")
        return plain(found) if found else None

    def _put(self, pk: str, sk: str, row: Values) -> None:
        item = attributes({"PK": pk, "SK": sk, **row})
        with passing_failures():
            self._client.put_item(TableName=self._table, Item=item)


def _agent_item(tenant: str, agent: Agent) -> Item:
    return attributes({
        "PK": f"TENANT#{tenant}",
        "SK": f"AGENT#{agent.id}",
        "name": agent.name,
        "bio": agent.bio,
        "position": agent.order,
        "active": int(agent.active),
        "provider": agent.provider,
        "settings": json.dumps(dict(agent.settings)),
    })  # fmt: skip


def _to_agent(item: Stored) -> Agent:
    row = plain(item)
    return Agent(
        id=row["SK"].removeprefix("AGENT#"),
        name=row["name"],
        bio=row["bio"],
        order=row["position"],
        active=bool(row["active"]),
        provider=row["provider"],
        settings=json.loads(row["settings"]),
    )
