"""Where the entries of the registry are, and the rows of audit records.

An entry is in its tenant's partition (`TENANT#acme`, `AGENT#1`), in a partition of its own
(`KEY#1`, `KEY`), or in the list of tenants (`TENANTS`, `acme`).
"""

import json
from typing import Any, Final

from jobs.admin.audit import RETENTION_MS, Actor, Record
from jobs.core.resource import Resource, Row, Values

END: Final = "\U0010ffff"  # sorts after every character of an id


def key_of(resource: Resource[Any], tenant: str, entry: str) -> tuple[str, str]:
    match resource.home:
        case "own":
            return f"{resource.label}#{entry}", resource.label
        case "list":
            return resource.label, entry
        case "single":
            return f"TENANT#{tenant}", resource.label
        case _:
            return f"TENANT#{tenant}", f"{resource.label}#{entry}"


def place_of(resource: Resource[Any], tenant: str) -> tuple[str, str]:
    """Return the partition that lists a resource, and the prefix of its sort keys."""
    match resource.home:
        case "own":
            return tenant, f"{resource.label}#"
        case "list":
            return resource.label, ""
        case _:
            return f"TENANT#{tenant}", f"{resource.label}#"


def record_to_row(record: Record) -> Values:
    return {
        "SK": record.id,
        "at": record.at,
        "actor": record.actor.name,
        "actor_key": record.actor.key or None,
        "action": record.action,
        "resource": record.resource,
        "tenant": record.tenant,
        "entry": record.entry,
        "before": None if record.before is None else json.dumps(record.before),
        "after": None if record.after is None else json.dumps(record.after),
        "expires_at": (record.at + RETENTION_MS) // 1000,
    }


def record_from_row(row: Row) -> Record:
    return Record(
        id=row["SK"],
        at=row["at"],
        actor=Actor(name=row["actor"], key=row.get("actor_key", "")),
        action=row["action"],
        resource=row["resource"],
        tenant=row["tenant"],
        entry=row["entry"],
        before=json.loads(row["before"]) if "before" in row else None,
        after=json.loads(row["after"]) if "after" in row else None,
    )
