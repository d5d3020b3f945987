"""Shares, each stored three times: by id, by organisation and by resource.

Only the first item counts the viewers.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import attributes
from jobs.kit.aws.dynamodb.transact import transact
from jobs.kit.clock import Clock
from jobs.tracking.adapters.items import LISTED_SHARE, share_key, share_keys, share_values, to_share
from jobs.tracking.errors import ShareNotFoundError
from jobs.tracking.resource import Resource
from jobs.tracking.share import Share

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoShares:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def add(self, share: Share) -> None:
        keys = share_keys(share.id, share.resource)
        counted, *listed = (key | attributes(share_values(share)) for key in keys)
        items = [counted | attributes({"viewers": 0}), *listed]
        transact(self._client, [{"Put": {"TableName": self._table, "Item": i}} for i in items])

    def get(self, share_id: str) -> Share:
        with convert_aws_errors():
            found = self._client.get_item(
                TableName=self._table, Key=share_key(share_id), ConsistentRead=True
            ).get("Item")
        if not found or (share := to_share(found)).expires_at <= self._clock():
            raise ShareNotFoundError
        return share

    def list_live(self, tenant: str) -> Sequence[Share]:
        with convert_aws_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="PK = :pk AND begins_with(SK, :share)",
                ExpressionAttributeValues=attributes(
                    {":pk": f"TENANT#{tenant}", ":share": LISTED_SHARE}
                ),
                ConsistentRead=True,
            )
            found = [to_share(item) for page in pages for item in page["Items"]]
        now = self._clock()
        live = [share for share in found if share.expires_at > now]
        return sorted(live, key=lambda share: (share.created_at, share.id))

    def remove(self, share_id: str, resource: Resource) -> None:
        keys = share_keys(share_id, resource)
        transact(self._client, [{"Delete": {"TableName": self._table, "Key": k}} for k in keys])
