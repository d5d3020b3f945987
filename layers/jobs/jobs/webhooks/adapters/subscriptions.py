"""The registry table: subscriptions, which are tenants' webhooks for all of their jobs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.core.adapters.dynamodb.webhook import webhook_from, webhook_text
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
        item = attributes({
            "PK": f"TENANT#{subscription.tenant}",
            "SK": f"{_PREFIX}{subscription.id}",
            "webhook": webhook_text(subscription.webhook),
            "active": int(subscription.active),
        })  # fmt: skip
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


def _from_item(tenant: str, item: Stored) -> Subscription:
    row = plain(item)
    webhook = webhook_from(row["webhook"])
    if webhook is None:
        raise TypeError("subscription has no webhook")
    return Subscription(
        id=row["SK"].removeprefix(_PREFIX),
        tenant=tenant,
        webhook=webhook,
        active=bool(row["active"]),
    )
