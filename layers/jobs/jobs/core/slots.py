"""Slots: how many of a tenant's jobs of a kind are in their queue or with a worker."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot, which belongs to a message until a worker is done with it.

    `token` distinguishes this use of the slot from others. `again`: its job had it already.
    """

    number: int
    token: int
    again: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A slot of a group became free while jobs wait for one of this group.

    `latest` is the job that began to wait last.
    """

    tenant: str
    kind: str
    latest: str
    group: int = 0
