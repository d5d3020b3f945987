"""Shares, each stored three times: by id, by organisation and by resource.

Only the first item counts the viewers. The second is the proof that the share is counted: it has no
TTL, as an expiry by DynamoDB would not count it off.
"""

from typing import TYPE_CHECKING

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Stored, Values, attributes
from jobs.kit.aws.dynamodb.page import read_page
from jobs.kit.aws.dynamodb.transact import transact
from jobs.kit.clock import Clock
from jobs.tracking.adapters.counts import decrements, delete, delete_counted, increments
from jobs.tracking.adapters.items import LISTED_SHARE, share_key, share_keys, share_values, to_share
from jobs.tracking.errors import ShareNotFoundError, TooManySharesError
from jobs.tracking.limits import MAX_SHARES_OF_RESOURCE, MAX_SHARES_OF_TENANT
from jobs.tracking.resource import Resource
from jobs.tracking.share import Share, SharePage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoShares:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def add(self, share: Share) -> None:
        keys = share_keys(share.id, share.resource)
        counted, by_tenant, by_resource = (key | attributes(share_values(share)) for key in keys)
        del by_tenant["expires_at"]
        items = [counted | attributes({"viewers": 0}), by_tenant, by_resource]
        puts = [{"Put": {"TableName": self._table, "Item": i}} for i in items]
        counters = increments(
            self._table,
            share.resource,
            "shares",
            limits=(MAX_SHARES_OF_RESOURCE, MAX_SHARES_OF_TENANT),
            now=self._clock(),
        )
        if transact(self._client, [*puts, *counters]):
            raise TooManySharesError

    def get(self, share_id: str) -> Share:
        with convert_aws_errors():
            found = self._client.get_item(
                TableName=self._table, Key=share_key(share_id), ConsistentRead=True
            ).get("Item")
        if not found or (share := to_share(found)).expires_at <= self._clock():
            raise ShareNotFoundError
        return share

    def list_live(self, tenant: str, *, limit: int, after: str | None = None) -> SharePage:
        first = f"{LISTED_SHARE}{after or ''}"
        values: Values = {
            ":pk": f"TENANT#{tenant}",
            ":first": first,
            ":last": f"{LISTED_SHARE}~",
            ":now": self._clock(),
        }
        query = {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :pk AND SK BETWEEN :first AND :last",
            "FilterExpression": "ends_at > :now",
            "ExpressionAttributeValues": attributes(values),
            "ConsistentRead": True,
        }
        page = read_page(self._client, query, size_of=_metadata_size, after=first, limit=limit)
        following = page.last and page.last.removeprefix(LISTED_SHARE)
        return SharePage(shares=[*map(to_share, page.items)], next=following)

    def remove(self, share_id: str, resource: Resource) -> None:
        own, by_tenant, by_resource = share_keys(share_id, resource)
        for key in (own, by_resource):
            with convert_aws_errors():
                self._client.delete_item(TableName=self._table, Key=key)
        delete_counted(
            self._client,
            delete(self._table, by_tenant),
            decrements(self._table, resource, "shares"),
        )


def _metadata_size(item: Stored) -> int:
    return len(item["metadata"]["S"].encode())
