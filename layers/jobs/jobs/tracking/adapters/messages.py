"""References to shares in the input of executions, and in messages."""

from typing import Any

from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share, ShareExpiry


def share_fields(share: Share) -> dict[str, str]:
    """Return the keys of a share, without its code, which is a credential."""
    resource = share.resource
    return {
        "id": share.id, "tenant": resource.tenant, "kind": resource.kind, "resource": resource.id
    }  # fmt: skip


def parse_share(message: Any) -> ShareExpiry:
    resource = Resource(
        tenant=message["tenant"], kind=ResourceKind(message["kind"]), id=message["resource"]
    )
    return ShareExpiry(id=message["id"], resource=resource)
