"""WebSocket events of API Gateway: the authorizer passes the connection on in its context."""

from collections.abc import Mapping
from typing import Any

from jobs.tracking.connection import Connection
from jobs.tracking.resource import Resource, ResourceKind


def to_context(connection: Connection) -> dict[str, str]:
    """Return the authorizer's context; API Gateway adds it to each event of the connection."""
    return {
        "tenant": connection.resource.tenant,
        "kind": connection.resource.kind,
        "resource": connection.resource.id,
        "until": str(connection.until),
        **({} if connection.share is None else {"share": connection.share}),
    }


def parse_connection(event: Mapping[str, Any]) -> Connection:
    context = event["requestContext"]
    known = context["authorizer"]
    return Connection(
        id=context["connectionId"],
        resource=Resource(
            tenant=known["tenant"], kind=ResourceKind(known["kind"]), id=known["resource"]
        ),
        until=int(known["until"]),
        share=known.get("share"),
    )
