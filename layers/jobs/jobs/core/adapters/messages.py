"""How a job's ref is spelled in queues and executions: pointers, never payloads."""

import json
from typing import Any, Final

from jobs.core.job import JobRef
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share

_NAMES: Final = {"tenant": "tenant", "dialect": "dialect", "id": "jobId"}


def spelled(ref: JobRef) -> dict[str, str]:
    return {name: getattr(ref, field) for field, name in _NAMES.items()}


def ref_from(message: Any) -> JobRef:
    """Read a ref, or raise `ValueError` if the message is none."""
    try:
        return JobRef(**{field: str(message[name]) for field, name in _NAMES.items()})
    except (KeyError, TypeError) as error:
        raise ValueError("not a job's ref") from error


def to_text(ref: JobRef) -> str:
    return json.dumps(spelled(ref))


def from_text(text: str) -> JobRef:
    """Read a ref, or raise `ValueError` if the text holds none."""
    return ref_from(json.loads(text))


def spelled_share(share: Share) -> dict[str, str]:
    """Say where a share is kept; its code, which is a credential, stays out of it."""
    resource = share.resource
    return {
        "id": share.id, "tenant": resource.tenant, "kind": resource.kind, "resource": resource.id
    }  # fmt: skip


def share_from(message: Any) -> tuple[str, Resource]:
    """Read a share's id, and what it lets watch."""
    resource = Resource(
        tenant=message["tenant"], kind=ResourceKind(message["kind"]), id=message["resource"]
    )
    return message["id"], resource
