"""The webhook table: the health of receivers, and the places of tenants.

PK                    SK                    attributes
<tenant>#receivers    SHA-256 of the URL    failures, failing_since, paused_until
<tenant>#places       places                p0, p1, …: the end of each taken place
"""

import random
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Item, Stored, Values, attributes, plain
from jobs.kit.clock import Clock, Millis
from jobs.webhooks.flow import LEASE_MS, Health, Place
from jobs.webhooks.webhook import Receiver

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_TTL_S: Final = 24 * 3600
"""Health and places are forgotten after a day without a change."""


class DynamoReceivers:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def health(self, receiver: Receiver) -> Health:
        with convert_aws_errors():
            item = self._client.get_item(TableName=self._table, Key=_receiver_key(receiver)).get(
                "Item"
            )
        return _to_health(item) if item else Health()

    def claim_probe(self, receiver: Receiver, health: Health, *, until: Millis) -> bool:
        condition = "paused_until = :previous"
        if not health.paused_until:
            condition = "attribute_not_exists(paused_until)"
        values: Values = {":until": until, ":previous": health.paused_until or None}
        try:
            with convert_aws_errors():
                self._client.update_item(
                    TableName=self._table,
                    Key=_receiver_key(receiver),
                    UpdateExpression="SET paused_until = :until",
                    ConditionExpression=condition,
                    ExpressionAttributeValues=attributes(values),
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def add_failure(self, receiver: Receiver) -> Health:
        now = self._clock()
        values: Values = {":one": 1, ":now": now, ":expiry": now // 1000 + _TTL_S}
        with convert_aws_errors():
            item = self._client.update_item(
                TableName=self._table,
                Key=_receiver_key(receiver),
                UpdateExpression="ADD failures :one SET expires_at = :expiry,"
                " failing_since = if_not_exists(failing_since, :now)",
                ExpressionAttributeValues=attributes(values),
                ReturnValues="ALL_NEW",
            )["Attributes"]
        return _to_health(item)

    def pause(self, receiver: Receiver, *, until: Millis) -> None:
        with convert_aws_errors():
            self._client.update_item(
                TableName=self._table,
                Key=_receiver_key(receiver),
                UpdateExpression="SET paused_until = :until",
                ExpressionAttributeValues=attributes({":until": until}),
            )

    def reset(self, receiver: Receiver) -> None:
        with convert_aws_errors():
            self._client.update_item(
                TableName=self._table,
                Key=_receiver_key(receiver),
                UpdateExpression="REMOVE failures, failing_since, paused_until",
            )


class DynamoPlaces:
    """`limit` places for each tenant. Each has an attribute, so that taking one is one write."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock, *, limit: int) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._limit = limit

    def take(self, tenant: str) -> Place | None:
        place = self._take(tenant, random.randrange(self._limit))  # noqa: S311 - spreads the workers
        if place is not None:
            return place
        with convert_aws_errors():
            item = self._client.get_item(
                TableName=self._table, Key=_places_key(tenant), ConsistentRead=True
            ).get("Item", {})
        free = [n for n in range(self._limit) if self._is_free(item, n)]
        return self._take(tenant, random.choice(free)) if free else None  # noqa: S311 - likewise

    def release(self, place: Place) -> None:
        try:
            with convert_aws_errors():
                self._client.update_item(
                    TableName=self._table,
                    Key=_places_key(place.tenant),
                    UpdateExpression="REMOVE #place",
                    ConditionExpression="#place = :until",
                    ExpressionAttributeNames={"#place": f"p{place.number}"},
                    ExpressionAttributeValues=attributes({":until": place.until}),
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # already released, or expired and taken again

    def _take(self, tenant: str, number: int) -> Place | None:
        now = self._clock()
        until = now + LEASE_MS
        values: Values = {":now": now, ":until": until, ":expiry": now // 1000 + _TTL_S}
        try:
            with convert_aws_errors():
                self._client.update_item(
                    TableName=self._table,
                    Key=_places_key(tenant),
                    UpdateExpression="SET #place = :until, expires_at = :expiry",
                    ConditionExpression="attribute_not_exists(#place) OR #place <= :now",
                    ExpressionAttributeNames={"#place": f"p{number}"},
                    ExpressionAttributeValues=attributes(values),
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return Place(tenant=tenant, number=number, until=until)

    def _is_free(self, item: Stored, number: int) -> bool:
        until = item.get(f"p{number}")
        return until is None or int(until["N"]) <= self._clock()


def _receiver_key(receiver: Receiver) -> Item:
    return attributes({
        "PK": f"{receiver.tenant}#receivers", "SK": sha256(receiver.url.encode()).hexdigest(),
    })  # fmt: skip


def _places_key(tenant: str) -> Item:
    return attributes({"PK": f"{tenant}#places", "SK": "places"})


def _to_health(item: Stored) -> Health:
    row = plain(item)
    return Health(
        failures=row.get("failures", 0),
        failing_since=row.get("failing_since", 0),
        paused_until=row.get("paused_until", 0),
    )
