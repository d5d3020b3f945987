"""Create, rotate and revoke API keys.

The whole key is returned once and never stored. An Idempotency-Key determines the key's id instead:
a repeated request finds the key, and returns it without the secret.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace

from jobs.admin.audit import Actor, new_record
from jobs.admin.errors import (
    EntryChangedError,
    EntryNotFoundError,
    KeyConflictError,
    KeyExpiredError,
    KeyReplacedError,
)
from jobs.admin.ports import Found, Registry, Write
from jobs.auth.api_key import ApiKey
from jobs.auth.authenticate import new_key
from jobs.core.resource import Resource
from jobs.kit.clock import Clock, Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key to create."""

    tenant: str
    name: str
    opens: str
    scopes: Collection[str] = ()
    lifetime: Millis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """A key. `credential` is None if an earlier request with this Idempotency-Key got it."""

    key: ApiKey
    credential: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageKeys:
    registry: Registry
    keys: Resource[ApiKey]
    clock: Clock

    def create(self, actor: Actor, wanted: NewKey, idempotency_key: str | None = None) -> Minted:
        """Raises `TenantNotFoundError`, `KeyConflictError`."""
        now = self.clock()
        credential, key = new_key(
            wanted.tenant,
            opens=wanted.opens,
            scopes=wanted.scopes,
            expires_at=None if wanted.lifetime is None else now + wanted.lifetime,
            name=wanted.name,
            created_at=now,
            key_id=derive_key_id(wanted.tenant, "create", idempotency_key),
        )
        record = new_record(now, actor, "create", self.keys, key.tenant, key.id, after=key)
        try:
            self.registry.commit([self._write(key, None)], record)
        except EntryChangedError:
            known = self.registry.find(self.keys, key.tenant, key.id)
            if known is None or not _is_as_wanted(known.value, wanted):
                raise KeyConflictError from None
            return Minted(key=known.value, credential=None)
        return Minted(key=key, credential=credential)

    def rotate(
        self,
        actor: Actor,
        tenant: str,
        key_id: str,
        *,
        overlap: Millis,
        idempotency_key: str | None = None,
    ) -> Minted:
        """Replace a key by a new one of the same name, scopes and lifetime.

        Both work until the overlap ends. Raises `EntryNotFoundError`, `KeyReplacedError`,
        `KeyExpiredError`, `EntryChangedError`.
        """
        now = self.clock()
        found = self._find(tenant, key_id)
        old = found.value
        successor = derive_key_id(tenant, key_id, idempotency_key)
        if old.replaced_by:
            known = self.registry.find(self.keys, tenant, old.replaced_by)
            if known and old.replaced_by == successor:
                return Minted(key=known.value, credential=None)
            raise KeyReplacedError(key_id, old.replaced_by)
        if not old.is_valid(now):
            raise KeyExpiredError(key_id)
        credential, key = new_key(
            tenant,
            opens=old.opens,
            scopes=old.scopes,
            expires_at=_expiry_after_rotation(old, now),
            name=old.name,
            created_at=now,
            key_id=successor,
        )
        ends = min(now + overlap, old.expires_at or now + overlap)
        retired = replace(old, expires_at=ends, replaced_by=key.id)
        record = new_record(
            now, actor, "rotate", self.keys, tenant, key_id, before=old, after=retired
        )
        self.registry.commit([self._write(retired, found.version), self._write(key, None)], record)
        return Minted(key=key, credential=credential)

    def revoke(self, actor: Actor, tenant: str, key_id: str) -> None:
        """Raises `EntryNotFoundError`, `EntryChangedError`."""
        found = self._find(tenant, key_id)
        record = new_record(
            self.clock(), actor, "revoke", self.keys, tenant, key_id, before=found.value
        )
        gone: Write[ApiKey] = Write(
            resource=self.keys, tenant=tenant, id=key_id, value=None, replacing=found.version
        )
        self.registry.commit([gone], record)

    def _find(self, tenant: str, key_id: str) -> Found[ApiKey]:
        found = self.registry.find(self.keys, tenant, key_id)
        if found is None:
            raise EntryNotFoundError(self.keys.name, key_id)
        return found

    def _write(self, key: ApiKey, replacing: str | None) -> Write[ApiKey]:
        return Write(
            resource=self.keys, tenant=key.tenant, id=key.id, value=key, replacing=replacing
        )


def derive_key_id(tenant: str, purpose: str, idempotency_key: str | None) -> str | None:
    """Return the id of the key that a request creates, or None for a random one."""
    if idempotency_key is None:
        return None
    text = f"{tenant}\0{purpose}\0{idempotency_key}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _expiry_after_rotation(old: ApiKey, now: Millis) -> Millis | None:
    if old.expires_at is None or old.created_at is None:
        return old.expires_at
    return now + old.expires_at - old.created_at


def _is_as_wanted(key: ApiKey, wanted: NewKey) -> bool:
    if (key.name, key.opens, key.scopes) != (wanted.name, wanted.opens, frozenset(wanted.scopes)):
        return False
    if key.replaced_by or key.created_at is None:
        return True  # a rotation has changed the time of expiry
    lifetime = key.expires_at and key.expires_at - key.created_at
    return lifetime == wanted.lifetime
