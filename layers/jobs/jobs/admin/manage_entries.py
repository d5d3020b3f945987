"""Create, replace and delete entries of the registry."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jobs.admin.audit import Action, Actor, new_record
from jobs.admin.errors import EntryInUseError, EntryNotFoundError, ParentNotFoundError
from jobs.admin.ports import Found, Registry, Write
from jobs.core.resource import Resource
from jobs.kit.clock import Clock

type Outcome = Literal["created", "changed", "unchanged"]
type Check = Callable[[Found[Any] | None], None]
"""Raises an error unless the stored entry is as the caller expects."""


def _accept(found: Found[Any] | None) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Put[T]:
    """The result of a put: the entry as it is now."""

    found: Found[T]
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageEntries:
    """`resources` are all kinds of entries: some belong to others."""

    registry: Registry
    resources: Sequence[Resource[Any]]
    clock: Clock

    def get[T](self, resource: Resource[T], tenant: str, entry: str) -> Found[T]:
        """Raises `EntryNotFoundError`."""
        found = self.registry.find(resource, tenant, entry)
        if found is None:
            raise EntryNotFoundError(resource.name, entry)
        return found

    def put[T](  # noqa: PLR0913, PLR0917 - who, where, what
        self,
        actor: Actor,
        resource: Resource[T],
        tenant: str,
        entry: str,
        value: T,
        check: Check = _accept,
    ) -> Put[T]:
        """Create or replace an entry. An unchanged one is not written.

        Raises `TenantNotFoundError`, `ParentNotFoundError`, `IdTakenError`, `EntryChangedError`,
        and what `check` raises.
        """
        found = self.registry.find(resource, tenant, entry)
        check(found)
        if found and found.value == value:
            return Put(found=found, outcome="unchanged")
        self._require_parent(resource, tenant, value)
        action: Action = "replace" if found else "create"
        before = found.value if found else None
        record = new_record(
            self.clock(), actor, action, resource, tenant, entry, before=before, after=value
        )
        replacing = found.version if found else None
        self.registry.commit(
            [Write(resource=resource, tenant=tenant, id=entry, value=value, replacing=replacing)],
            record,
        )
        written = Found(value=value, version=record.id)
        return Put(found=written, outcome="changed" if found else "created")

    def delete(
        self,
        actor: Actor,
        resource: Resource[Any],
        tenant: str,
        entry: str,
        check: Check = _accept,
    ) -> None:
        """Raises `EntryNotFoundError`, `EntryInUseError`, `EntryChangedError`."""
        found = self.get(resource, tenant, entry)
        check(found)
        for child in self.resources:
            if child.parent and child.parent[0] == resource.name:
                self._require_no_child(child, child.parent[1], tenant, entry)
        record = new_record(
            self.clock(), actor, "delete", resource, tenant, entry, before=found.value
        )
        gone: Write[Any] = Write(
            resource=resource, tenant=tenant, id=entry, value=None, replacing=found.version
        )
        self.registry.commit([gone], record)

    def _require_parent(self, resource: Resource[Any], tenant: str, value: Any) -> None:
        if resource.parent is None:
            return
        name, parent_of = resource.parent
        [kind] = [each for each in self.resources if each.name == name]
        if self.registry.find(kind, tenant, parent_of(value)) is None:
            raise ParentNotFoundError(name, parent_of(value))

    def _require_no_child(
        self, child: Resource[Any], parent_of: Callable[[Any], str], tenant: str, entry: str
    ) -> None:
        values = list_all(self.registry, child, tenant)
        if any(parent_of(value) == entry for value in values):
            raise EntryInUseError(f"{child.name} belong to {entry}: move or delete them first")


def list_all[T](registry: Registry, resource: Resource[T], tenant: str) -> Iterator[T]:
    """Yield a tenant's entries of all pages."""
    page = registry.page(resource, tenant, None)
    yield from page.entries
    while page.next is not None:
        page = registry.page(resource, tenant, page.next)
        yield from page.entries
