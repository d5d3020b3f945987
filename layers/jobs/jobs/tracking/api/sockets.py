"""WebSocket events of API Gateway: the authorizer passes the connection on in its context."""

from collections.abc import Mapping
from typing import Any

from jobs.tracking.connection import Connection
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import ShareType


def to_context(connection: Connection) -> dict[str, str]:
    """Return the authorizer's context; API Gateway adds it to each event of the connection."""
    by_share = {"share": connection.share, "shows": connection.shows}
    return {
        "tenant": connection.resource.tenant,
        "kind": connection.resource.kind,
        "resource": connection.resource.id,
        "until": str(connection.until),
        **{name: value for name, value in by_share.items() if value is not None},
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
        shows=ShareType(known["shows"]) if "shows" in known else None,
    )
