"""WebSocket connections, under the same key as the shares: one query finds all watchers."""

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from jobs.kit.aws.client import code_of, convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Item, Stored, attributes, plain
from jobs.kit.aws.dynamodb.transact import transact
from jobs.kit.clock import Clock, Millis
from jobs.tracking.adapters.counts import (
    decrement,
    decrements,
    delete,
    delete_counted,
    increments,
)
from jobs.tracking.adapters.items import (
    connection_item,
    connection_key,
    is_connection,
    is_listed_share,
    is_published,
    published_key,
    share_key,
    to_connection,
    to_share,
    watch_key,
)
from jobs.tracking.connection import Connection, ConnectionEndedError, ResourceWatchers
from jobs.tracking.errors import ShareNotFoundError, TooManyWatchersError
from jobs.tracking.limits import (
    MAX_VIEWERS_OF_RESOURCE,
    MAX_VIEWERS_OF_SHARE,
    MAX_VIEWERS_OF_TENANT,
    MAX_WATCHERS_OF_RESOURCE,
    MAX_WATCHERS_OF_TENANT,
)
from jobs.tracking.resource import Resource

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_PUBLISHED_TTL_S: Final = 7 * 24 * 3600
"""Long after the last message that could be delivered twice."""


class DynamoConnections:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def add(self, connection: Connection) -> None:
        put: Any = {
            "TableName": self._table,
            "Item": connection_item(connection),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
        now, enter = self._clock(), []
        limits = (MAX_WATCHERS_OF_RESOURCE, MAX_WATCHERS_OF_TENANT)
        if connection.share is not None:
            limits = (MAX_VIEWERS_OF_RESOURCE, MAX_VIEWERS_OF_TENANT)
            enter = [self._enter(connection.share, now)]
        counters = increments(self._table, connection.resource, "watchers", limits=limits, now=now)
        refused = transact(self._client, [{"Put": put}, *counters, *enter])
        if not refused or refused[0] is not None:
            return
        share = refused[-1] if enter else None
        if share is not None and (not share or int(share["ends_at"]["N"]) <= now):
            raise ShareNotFoundError
        raise TooManyWatchersError

    def remove(self, connection: Connection) -> None:
        counters = decrements(self._table, connection.resource, "watchers")
        if connection.share is not None:
            counters.append(decrement(self._table, share_key(connection.share), "viewers"))
        deleted = delete(self._table, connection_key(connection))
        delete_counted(self._client, deleted, counters)

    def get(self, connection: Connection) -> Connection:
        with convert_aws_errors():
            found = self._client.get_item(
                TableName=self._table, Key=connection_key(connection), ConsistentRead=True
            ).get("Item")
        if not found:
            raise ConnectionEndedError
        return to_connection(found)

    def mark_sent(self, connection: Connection, sequence: int) -> bool:
        found = self._update(connection, "#sequence < :from", sequence, sequence)
        if found is None:
            return True
        if not found:
            raise ConnectionEndedError
        return False

    def unmark_sent(self, connection: Connection, sequence: int) -> None:
        self._update(connection, "#sequence = :from", sequence, connection.sequence)

    def mark_published(self, resource: Resource, sequence: int, *, last: bool) -> bool:
        ttl = self._clock() // 1000 + _PUBLISHED_TTL_S
        try:
            with convert_aws_errors():
                self._client.update_item(
                    TableName=self._table,
                    Key=published_key(resource),
                    UpdateExpression="SET #sequence = :to, ended = :last, expires_at = :ttl",
                    ConditionExpression="attribute_not_exists(PK) OR #sequence < :to",
                    ExpressionAttributeNames={"#sequence": "sequence"},
                    ExpressionAttributeValues=attributes(
                        {":to": sequence, ":last": int(last), ":ttl": ttl}
                    ),
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def unmark_published(self, resource: Resource, sequence: int, *, previous: int) -> None:
        try:
            with convert_aws_errors():
                self._client.update_item(
                    TableName=self._table,
                    Key=published_key(resource),
                    UpdateExpression="SET #sequence = :previous, ended = :no",
                    ConditionExpression="#sequence = :sequence",
                    ExpressionAttributeNames={"#sequence": "sequence"},
                    ExpressionAttributeValues=attributes(
                        {":sequence": sequence, ":previous": previous, ":no": 0}
                    ),
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def last_published(self, resource: Resource) -> int:
        with convert_aws_errors():
            found = self._client.get_item(
                TableName=self._table, Key=published_key(resource), ConsistentRead=True
            ).get("Item")
        return int(found["sequence"]["N"]) if found else 0

    def find_watchers(self, resource: Resource) -> ResourceWatchers:
        with convert_aws_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="PK = :pk",
                ExpressionAttributeValues=attributes({":pk": watch_key(resource)}),
                ConsistentRead=True,
            )
            found: list[Stored] = [item for page in pages for item in page["Items"]]
        shares = [to_share(item) for item in found if is_listed_share(item)]
        published = next((plain(item) for item in found if is_published(item)), {})
        return ResourceWatchers(
            connections=tuple(to_connection(item) for item in found if is_connection(item)),
            shares=tuple(share for share in shares if share.expires_at > self._clock()),
            published=published.get("sequence", 0),
            ended=bool(published.get("ended")),
        )

    def _enter(self, share: str, now: Millis) -> Any:
        return {
            "Update": {
                "TableName": self._table,
                "Key": share_key(share),
                "UpdateExpression": "ADD viewers :one",
                "ConditionExpression": (
                    "ends_at > :now AND viewers < :limit"
                    " AND (attribute_not_exists(max_viewers) OR viewers < max_viewers)"
                ),
                "ExpressionAttributeValues": attributes(
                    {":one": 1, ":now": now, ":limit": MAX_VIEWERS_OF_SHARE}
                ),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def _update(
        self, connection: Connection, condition: str, expected: int, sequence: int
    ) -> Item | None:
        """Set the sequence, or return the item that fails the condition, empty if absent."""
        try:
            with convert_aws_errors():
                self._client.update_item(
                    TableName=self._table,
                    Key=connection_key(connection),
                    UpdateExpression="SET #sequence = :to",
                    ConditionExpression=f"attribute_exists(PK) AND {condition}",
                    ExpressionAttributeNames={"#sequence": "sequence"},
                    ExpressionAttributeValues=attributes({":from": expected, ":to": sequence}),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            found: Any = error.response.get("Item", {})
            return dict(found)
        return None
