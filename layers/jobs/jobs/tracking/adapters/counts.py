"""Exact counters of the shares and the watchers of a resource and of an organisation.

A transaction writes a share or connection and changes its counters, so they stay exact under races
and repeats. A counter expires when nothing has been added for longer than any of these lives.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from jobs.kit.aws.dynamodb.attributes import Item, attributes
from jobs.kit.aws.dynamodb.transact import transact
from jobs.kit.clock import Millis
from jobs.tracking.adapters.items import watch_key
from jobs.tracking.resource import Resource

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_TTL_S: Final = 7 * 24 * 3600


def count_keys(resource: Resource) -> tuple[Item, Item]:
    """Return the keys of the counters of a resource and of its organisation."""
    of_resource = {"PK": f"COUNT#{watch_key(resource)}", "SK": "COUNT"}
    of_tenant = {"PK": f"COUNT#TENANT#{resource.tenant}", "SK": "COUNT"}
    return attributes(of_resource), attributes(of_tenant)


def increments(
    table: str, resource: Resource, name: str, *, limits: tuple[int, int], now: Millis
) -> list[Any]:
    """Return the writes that count one more; `limits` of the resource and the organisation."""
    return [
        {
            "Update": {
                "TableName": table,
                "Key": key,
                "UpdateExpression": "ADD #name :one SET expires_at = :ttl",
                "ConditionExpression": "attribute_not_exists(#name) OR #name < :limit",
                "ExpressionAttributeNames": {"#name": name},
                "ExpressionAttributeValues": attributes(
                    {":one": 1, ":limit": limit, ":ttl": now // 1000 + _TTL_S}
                ),
            }
        }
        for key, limit in zip(count_keys(resource), limits, strict=True)
    ]


def decrements(table: str, resource: Resource, name: str) -> list[Any]:
    return [decrement(table, key, name) for key in count_keys(resource)]


def decrement(table: str, key: Item, name: str) -> Any:
    """Return the write that counts one less, refused at 0."""
    return {
        "Update": {
            "TableName": table,
            "Key": key,
            "UpdateExpression": "ADD #name :less",
            "ConditionExpression": "#name > :zero",
            "ExpressionAttributeNames": {"#name": name},
            "ExpressionAttributeValues": attributes({":less": -1, ":zero": 0}),
        }
    }


def delete(table: str, key: Item) -> Any:
    """Return the delete that is refused if there is no item."""
    return {
        "Delete": {
            "TableName": table,
            "Key": key,
            "ConditionExpression": "attribute_exists(PK)",
        }
    }


def delete_counted(client: "DynamoDBClient", deleted: Any, counters: Sequence[Any]) -> None:
    """Delete an item and count it off, once. A counter that does not count it is left out."""
    while refused := transact(client, [deleted, *counters]):
        item, *rest = refused
        if item is not None:
            return
        counters = [each for each, why in zip(counters, rest, strict=True) if why is None]
