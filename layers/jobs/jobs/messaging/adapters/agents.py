"""Agents in the registry table."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.core.resource import Row
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Stored, Values, attributes, plain
from jobs.kit.aws.dynamodb.rows import Rows
from jobs.kit.cache import Cache
from jobs.kit.clock import Clock
from jobs.messaging.agent import Agent, pick_agent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoAgents:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._rows = Rows(client, table)
        self._cache = Cache[Sequence[Agent]](clock)

    def agents(self, tenant: str) -> Sequence[Agent]:
        with convert_aws_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="PK = :pk AND begins_with(SK, :agent)",
                ExpressionAttributeValues=attributes(
                    {":pk": f"TENANT#{tenant}", ":agent": "AGENT#"}
                ),
            )
            found = [_to_agent(item) for page in pages for item in page["Items"]]
        agents = sorted(found, key=lambda agent: (agent.order, agent.id))
        return self._cache.put(tenant, value=agents)

    def find_agent(self, tenant: str, agent_id: str | None) -> Agent | None:
        cached = pick_agent(self._cache.get(tenant) or (), agent_id)
        return cached or pick_agent(self.agents(tenant), agent_id)

    def put_agent(self, tenant: str, agent: Agent) -> None:
        self._rows.put(f"TENANT#{tenant}", f"AGENT#{agent.id}", to_row(agent))


def to_row(agent: Agent) -> Values:
    return {
        "name": agent.name,
        "bio": agent.bio,
        "position": agent.order,
        "active": int(agent.active),
        "provider": agent.provider,
        "settings": json.dumps(dict(agent.settings)),
    }


def from_row(agent_id: str, row: Row) -> Agent:
    return Agent(
        id=agent_id,
        name=row["name"],
        bio=row["bio"],
        order=row["position"],
        active=bool(row["active"]),
        provider=row["provider"],
        settings=json.loads(row["settings"]),
    )


def _to_agent(item: Stored) -> Agent:
    row = plain(item)
    return from_row(row["SK"].removeprefix("AGENT#"), row)
