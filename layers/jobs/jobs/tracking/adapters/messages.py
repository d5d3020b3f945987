"""How a share is named in executions."""

from typing import Any

from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share


def share_fields(share: Share) -> dict[str, str]:
    """Say where a share is kept; its code, which is a credential, stays out of it."""
    resource = share.resource
    return {
        "id": share.id, "tenant": resource.tenant, "kind": resource.kind, "resource": resource.id
    }  # fmt: skip


def parse_share(message: Any) -> tuple[str, Resource]:
    """Read a share's id, and what it lets watch."""
    resource = Resource(
        tenant=message["tenant"], kind=ResourceKind(message["kind"]), id=message["resource"]
    )
    return message["id"], resource
