"""Tenants, keys, audit records and usage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sortie_client._core.models import Model


@dataclass(frozen=True, kw_only=True)
class Tenant(Model):
    id: str
    name: str
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TenantPage(Model):
    tenants: Sequence[Tenant]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Key(Model):
    """An API key. Only the response that created it has its `secret`: the whole key.

    `last_used_at` is an hour. `replaced_by`: the id of the key that a rotation created.
    """

    id: str
    api: str
    prefix: str
    scopes: Sequence[str]
    name: str = ""
    created_at: datetime | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    replaced_by: str | None = None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class KeyPage(Model):
    keys: Sequence[Key]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Partner(Model):
    """A program for the missions API. Only the response that created it has its secrets.

    `id` is its client id, `role` one of `viewer`, `pilot` and `manager`. `key_id`: the id of its
    `api_key`. `replaced_by`: the id of the partner that a rotation created.
    """

    id: str
    name: str
    role: str
    key_id: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None
    replaced_by: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class PartnerPage(Model):
    partners: Sequence[Partner]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Actor(Model):
    """The key that made a change; a command of `make` has a name only."""

    name: str
    key_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuditRecord(Model):
    """One change. `before` and `after`: the entry without secrets."""

    id: str
    at: datetime
    actor: Actor
    action: str
    resource: str
    entry: str
    tenant: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class AuditPage(Model):
    records: Sequence[AuditRecord]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class JobUsage(Model):
    """The jobs of one API that ended. `run_seconds`: how long they ran, all together."""

    dialect: str
    succeeded: int
    failed: int
    cancelled: int
    timed_out: int
    run_seconds: float
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, kw_only=True)
class PaymentUsage(Model):
    """Settled payments. `amount`: millionths of a USDC, as text."""

    network: str
    asset: str
    count: int
    amount: str


@dataclass(frozen=True, kw_only=True)
class UsageCounts(Model):
    jobs: Sequence[JobUsage]
    webhook_attempts: int
    payments: Sequence[PaymentUsage]


@dataclass(frozen=True, kw_only=True)
class DayUsage(UsageCounts):
    """`day`: in UTC, such as `2026-01-31`."""

    day: str


@dataclass(frozen=True, kw_only=True)
class Usage(Model):
    """Usage of a tenant, or of one `key`. Days are in UTC; those without usage are left out."""

    tenant: str
    total: UsageCounts
    days: Sequence[DayUsage]
    first_day: str
    last_day: str
    key: str | None = None


type Resource = Literal[
    "agents", "device-groups", "devices", "missions", "projects", "webhooks", "limits"
]
"""Kinds of entries. A tenant has one entry of `limits`, without an id."""


@dataclass(frozen=True, kw_only=True)
class Entry(Model):
    """An entry of the registry: `raw` has its fields. `etag`: its version."""

    id: str = ""
    name: str = ""
    etag: str | None = None
