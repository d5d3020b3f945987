"""The registry table: subscriptions, which are tenants' webhooks for all of their jobs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.core.adapters.webhook_text import webhook_from, webhook_text
from jobs.core.resource import Row, Values
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Stored, attributes, plain
from jobs.kit.cache import Cache
from jobs.kit.clock import Clock
from jobs.webhooks.webhook import Subscription

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_PREFIX = "WEBHOOK#"


class DynamoSubscriptions:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._cache = Cache[Sequence[Subscription]](clock)

    def list_active(self, tenant: str) -> Sequence[Subscription]:
        cached = self._cache.get(tenant)
        return self._cache.put(tenant, value=self._read(tenant)) if cached is None else cached

    def put(self, subscription: Subscription) -> None:
        key = {"PK": f"TENANT#{subscription.tenant}", "SK": f"{_PREFIX}{subscription.id}"}
        item = attributes({**key, **to_row(subscription)})
        with convert_aws_errors():
            self._client.put_item(TableName=self._table, Item=item)

    def _read(self, tenant: str) -> Sequence[Subscription]:
        with convert_aws_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="PK = :pk AND begins_with(SK, :webhook)",
                ExpressionAttributeValues=attributes(
                    {":pk": f"TENANT#{tenant}", ":webhook": _PREFIX}
                ),
            )
            stored = [_from_item(tenant, item) for page in pages for item in page["Items"]]
        return [subscription for subscription in stored if subscription.active]


def to_row(subscription: Subscription) -> Values:
    return {
        "webhook": webhook_text(subscription.webhook),
        "active": int(subscription.active),
    }


def from_row(tenant: str, subscription_id: str, row: Row) -> Subscription:
    webhook = webhook_from(row["webhook"])
    if webhook is None:
        raise TypeError("subscription has no webhook")
    return Subscription(
        id=subscription_id, tenant=tenant, webhook=webhook, active=bool(row["active"])
    )


def _from_item(tenant: str, item: Stored) -> Subscription:
    row = plain(item)
    return from_row(tenant, row["SK"].removeprefix(_PREFIX), row)
