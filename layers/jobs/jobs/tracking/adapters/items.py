"""Shares and WebSocket connections as items, and back.

A connection has no TTL: an expiry by DynamoDB would not count it off. The refreshes of a connection
remove it when its time has passed.
"""

import json
from typing import Any, Final

from jobs.kit.aws.dynamodb.attributes import Item, Stored, Values, attributes, plain
from jobs.tracking.connection import Connection
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share, ShareType

SHARE: Final = "SHARE"
CONNECTION: Final = "CONN#"
LISTED_SHARE: Final = "SHARE#"
PUBLISHED: Final = "PUBLISHED"


def watch_key(resource: Resource) -> str:
    return f"WATCH#{resource.tenant}#{resource.kind}#{resource.id}"


def connection_key(connection: Connection) -> Item:
    sort_key = f"{CONNECTION}{connection.id}"
    return attributes({"PK": watch_key(connection.resource), "SK": sort_key})


def connection_item(connection: Connection) -> Item:
    return connection_key(connection) | attributes({
        "ends_at": connection.until,
        "share": connection.share,
        "sequence": connection.sequence,
    })  # fmt: skip


def is_connection(item: Stored) -> bool:
    return bool(item["SK"]["S"].startswith(CONNECTION))


def is_listed_share(item: Stored) -> bool:
    return bool(item["SK"]["S"].startswith(LISTED_SHARE))


def is_published(item: Stored) -> bool:
    return bool(item["SK"]["S"] == PUBLISHED)


def to_connection(item: Stored) -> Connection:
    row = plain(item)
    _, tenant, kind, resource = row["PK"].split("#", 3)
    return Connection(
        id=row["SK"].removeprefix(CONNECTION),
        resource=Resource(tenant=tenant, kind=ResourceKind(kind), id=resource),
        until=row["ends_at"],
        share=row.get("share"),
        sequence=row["sequence"],
    )


def published_key(resource: Resource) -> Item:
    """Return the key of the last change that is published to a resource's MQTT topics."""
    return attributes({"PK": watch_key(resource), "SK": PUBLISHED})


def share_key(share_id: str) -> Item:
    return attributes({"PK": f"SHARE#{share_id}", "SK": SHARE})


def share_keys(share_id: str, resource: Resource) -> list[Item]:
    """Return the keys of a share: by id, the authoritative one; by organisation; by resource."""
    listed = f"{LISTED_SHARE}{share_id}"
    return [
        share_key(share_id),
        attributes({"PK": f"TENANT#{resource.tenant}", "SK": listed}),
        attributes({"PK": watch_key(resource), "SK": listed}),
    ]


def is_share(item: Stored) -> bool:
    return bool(item["SK"]["S"] == SHARE)


def share_values(share: Share) -> Values:
    return {
        "code": share.code,
        "tenant": share.resource.tenant,
        "kind": share.resource.kind,
        "resource": share.resource.id,
        "type": share.type,
        "created_at": share.created_at,
        "ends_at": share.expires_at,
        "max_viewers": share.max_viewers,
        "metadata": json.dumps(share.metadata, ensure_ascii=False),
        "devices": json.dumps(share.devices) if share.devices else None,
        "expires_at": -(-share.expires_at // 1000),
    }


def to_share(item: Stored) -> Share:
    row: dict[str, Any] = plain(item)
    return Share(
        code=row["code"],
        resource=Resource(tenant=row["tenant"], kind=ResourceKind(row["kind"]), id=row["resource"]),
        type=ShareType(row["type"]),
        created_at=row["created_at"],
        expires_at=row["ends_at"],
        max_viewers=row.get("max_viewers"),
        metadata=json.loads(row["metadata"]),
        devices=tuple(json.loads(row.get("devices", "[]"))),
    )
