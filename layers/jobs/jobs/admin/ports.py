"""Ports of the admin API. Every method may raise `UnavailableError`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jobs.admin.audit import Record
from jobs.core.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Found[T]:
    """An entry and its version. The version is empty if no admin command has written it."""

    value: T
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page[T]:
    """`next`: the position after which the next page begins; None at the end."""

    entries: Sequence[T]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Write[T]:
    """One entry to write if its version is `replacing`; None means that it must be absent.

    A `value` of None deletes the entry.
    """

    resource: Resource[T]
    tenant: str
    id: str
    value: T | None
    replacing: str | None


class Registry(Protocol):
    def find[T](self, resource: Resource[T], tenant: str, entry: str) -> Found[T] | None:
        """Return the tenant's entry, by a consistent read."""

    def page[T](self, resource: Resource[T], tenant: str, after: str | None) -> Page[T]:
        """Return entries in the order of their ids, bounded in bytes.

        A resource with partitions of its own is read from an index, which may lag by a second.
        """

    def commit(self, writes: Sequence[Write[Any]], record: Record) -> None:
        """Write all entries and the record in one transaction, or nothing.

        Raises:
            EntryChangedError: An entry's version is not the expected one.
            IdTakenError: Another tenant has claimed the id.
            TenantNotFoundError: The tenant of a new or changed entry does not exist.

        """

    def is_empty(self, tenant: str) -> bool:
        """Return whether a tenant has no entry of any resource."""


class AuditLog(Protocol):
    def page(self, tenant: str | None, after: str | None) -> Page[Record]:
        """Return records, newest first: all, or those of a tenant."""
