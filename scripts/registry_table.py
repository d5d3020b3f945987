"""The registry table for commands that fill it: agents, API keys and partners' programs."""

from typing import TYPE_CHECKING

from jobs.auth.adapters.api_keys import DynamoApiKeys
from jobs.kit.clock import Clock
from jobs.messaging.adapters.agents import DynamoAgents
from jobs.missions.adapters.partners import DynamoPartners

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class RegistryTable(DynamoAgents, DynamoApiKeys, DynamoPartners):
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        DynamoAgents.__init__(self, client, table, clock)
        DynamoApiKeys.__init__(self, client, table)
        DynamoPartners.__init__(self, client, table, clock)
