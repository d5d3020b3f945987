"""Create, rename and delete tenants."""

from dataclasses import dataclass, replace

from jobs.admin.audit import Actor, new_record
from jobs.admin.errors import (
    EntryChangedError,
    EntryExistsError,
    EntryInUseError,
    TenantNotFoundError,
)
from jobs.admin.ports import Found, Registry, Write
from jobs.admin.tenant import TENANTS, Tenant
from jobs.kit.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageTenants:
    registry: Registry
    clock: Clock

    def get(self, tenant: str) -> Found[Tenant]:
        """Raises `TenantNotFoundError`."""
        found = self.registry.find(TENANTS, tenant, tenant)
        if found is None:
            raise TenantNotFoundError(tenant)
        return found

    def create(self, actor: Actor, tenant: str, name: str) -> Tenant:
        """Raises `EntryExistsError`."""
        now = self.clock()
        made = Tenant(id=tenant, name=name, created_at=now)
        record = new_record(now, actor, "create", TENANTS, tenant, tenant, after=made)
        try:
            self.registry.commit([_write(tenant, made, None)], record)
        except EntryChangedError as error:
            raise EntryExistsError(TENANTS.name, tenant) from error
        return made

    def rename(self, actor: Actor, tenant: str, name: str) -> Tenant:
        """Raises `TenantNotFoundError`, `EntryChangedError`."""
        found = self.get(tenant)
        renamed = replace(found.value, name=name)
        if renamed != found.value:
            record = new_record(
                self.clock(), actor, "replace", TENANTS, tenant, tenant,
                before=found.value, after=renamed,
            )  # fmt: skip
            self.registry.commit([_write(tenant, renamed, found.version)], record)
        return renamed

    def delete(self, actor: Actor, tenant: str) -> None:
        """Delete a tenant that has no entries left.

        Raises `TenantNotFoundError`, `EntryInUseError`, `EntryChangedError`.
        """
        found = self.get(tenant)
        if not self.registry.is_empty(tenant):
            raise EntryInUseError(
                f"Tenant {tenant} still has entries: delete its keys, partners, agents, device"
                " groups, devices, missions, projects, webhooks and limits first"
            )
        record = new_record(
            self.clock(), actor, "delete", TENANTS, tenant, tenant, before=found.value
        )
        self.registry.commit([_write(tenant, None, found.version)], record)


def _write(tenant: str, value: Tenant | None, replacing: str | None) -> Write[Tenant]:
    return Write(resource=TENANTS, tenant=tenant, id=tenant, value=value, replacing=replacing)
