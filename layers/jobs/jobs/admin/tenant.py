"""Tenants, as operators manage them."""

from dataclasses import dataclass
from typing import Any, Final

from jobs.core.resource import Resource, Row, Values
from jobs.kit.clock import Millis
from jobs.kit.iso_time import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A tenant of earlier versions has no name and no time of creation."""

    id: str
    name: str = ""
    created_at: Millis | None = None


def _show(tenant: Tenant) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": tenant.id, "name": tenant.name or tenant.id}
    if tenant.created_at is not None:
        shown["createdAt"] = iso(tenant.created_at)
    return shown


def _to_row(tenant: Tenant) -> Values:
    return {"name": tenant.name or None, "created_at": tenant.created_at}


def _from_row(tenant: str, tenant_id: str, row: Row) -> Tenant:
    return Tenant(id=tenant_id, name=row.get("name", ""), created_at=row.get("created_at"))


TENANTS: Final[Resource[Tenant]] = Resource(
    name="tenants", label="TENANTS", home="list", show=_show, to_row=_to_row, from_row=_from_row
)
