"""The registry table: agents and API keys."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from jobs.adapters.aws import passing_failures
from jobs.adapters.dynamodb.items import Item, Stored, attributes, plain
from jobs.domain.agent import Agent, ApiKey, chosen
from jobs.domain.job import Millis
from jobs.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_FRESH: Final[Millis] = 60_000


class DynamoRegistry:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._read: dict[str, tuple[Millis, Sequence[Agent]]] = {}

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
        with passing_failures():
            found = self._client.get_item(
                TableName=self._table,
                Key=attributes({"PK": f"KEY#{key_id}", "SK": "KEY"}),
                ConsistentRead=True,  # a refusal is cached: a new key must not meet one
            ).get("Item")
        if not found:
            return None
        row = plain(found)
        return ApiKey(id=key_id, tenant=row["tenant"], sha256=row["sha256"])

    def put_agent(self, tenant: str, agent: Agent) -> None:
        with passing_failures():
            self._client.put_item(TableName=self._table, Item=_agent_item(tenant, agent))

    def put_key(self, key: ApiKey) -> None:
        row = {"PK": f"KEY#{key.id}", "SK": "KEY", "tenant": key.tenant, "sha256": key.sha256}
        with passing_failures():
            self._client.put_item(TableName=self._table, Item=attributes(row))


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
