"""Audit records: who changed what, and when."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from jobs.core.ids import new_job_id
from jobs.core.resource import Resource
from jobs.kit.clock import Millis

RETENTION_MS: Final[Millis] = 366 * 24 * 3600_000

_MAX_TEXT: Final = 1000
_USER_OF_URL: Final = re.compile(r"(?<=://)[^/?#\s]*@")
_QUERY_OF_URL: Final = re.compile(r"(?<=\?).*")  # it may be a token

type Action = Literal["create", "replace", "delete", "rotate", "revoke"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The key of a request. A command that runs with AWS credentials has a name only."""

    name: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One change. `before` and `after` are the entry as the API shows it, without secrets.

    Its id is a UUIDv7: records sort by time. It is also the version of the items that it wrote.
    """

    id: str
    at: Millis
    actor: Actor
    action: Action
    resource: str
    tenant: str
    entry: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def new_record[T](  # noqa: PLR0913, PLR0917 - the fields of a record
    now: Millis,
    actor: Actor,
    action: Action,
    resource: Resource[T],
    tenant: str,
    entry: str,
    *,
    before: T | None = None,
    after: T | None = None,
) -> Record:
    return Record(
        id=new_job_id(now),
        at=now,
        actor=actor,
        action=action,
        resource=resource.name,
        tenant=tenant,
        entry=entry,
        before=None if before is None else redact(resource.show(before)),
        after=None if after is None else redact(resource.show(after)),
    )


def redact(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry without credentials in URLs, and with long texts cut short."""
    return {name: _redact(value) for name, value in shown.items()}


def _redact(value: Any) -> Any:
    match value:
        case str():
            short = value if len(value) <= _MAX_TEXT else f"{value[:_MAX_TEXT]}…"
            return _QUERY_OF_URL.sub("…", _USER_OF_URL.sub("", short)) if "://" in short else short
        case dict():
            return redact(value)
        case list():
            return [_redact(each) for each in value]
        case _:
            return value
