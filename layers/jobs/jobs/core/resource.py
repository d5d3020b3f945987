"""Resources: the entries of the registry that operators manage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

type Row = Mapping[str, Any]
type Values = Mapping[str, str | int | None]


def _not_parsed(tenant: str, fields: Mapping[str, Any]) -> NoReturn:
    raise TypeError("requests do not contain this resource as a whole")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource[T]:
    """How a feature's entries are parsed, shown and stored.

    `name` is the plural in paths and audit records. `show` returns an entry as the API does, and
    never a secret. `label` begins the keys of its items.

    `home` says where an item is: in its tenant's partition, as the single one of its kind there, in
    a partition of its own, or in the list of tenants. `claim` is for ids that are unique among all
    tenants: it returns the attributes of a second item, in a partition of its own, which notes the
    owner.
    """

    name: str
    label: str
    show: Callable[[T], Mapping[str, Any]]
    to_row: Callable[[T], Values]
    from_row: Callable[[str, str, Row], T]
    """Takes tenant, id and row."""
    parse: Callable[[str, Mapping[str, Any]], T] = _not_parsed
    """Takes tenant and the fields of a request. Raises pydantic's `ValidationError`."""
    home: Literal["tenant", "single", "own", "list"] = "tenant"
    claim: Callable[[T], Values] | None = None
    parent: tuple[str, Callable[[T], str]] | None = None
    """The resource that an entry belongs to, and the id of the entry there."""
