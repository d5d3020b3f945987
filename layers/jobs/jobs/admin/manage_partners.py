"""Create, rotate and revoke partners: programs with an app client and an API key for its tokens.

The app client comes first: without an entry in the registry, it opens nothing. Secrets are returned
once and never stored. As for keys, an Idempotency-Key determines the id of the API key.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from jobs.admin.audit import Actor, new_record
from jobs.admin.errors import (
    EntryNotFoundError,
    KeyConflictError,
    PartnerExpiredError,
    PartnerReplacedError,
    TenantNotFoundError,
)
from jobs.admin.manage_entries import list_all
from jobs.admin.manage_keys import derive_key_id
from jobs.admin.ports import Found, Registry, Write
from jobs.admin.tenant import TENANTS
from jobs.auth.api_key import ApiKey
from jobs.auth.authenticate import new_key
from jobs.core.resource import Resource
from jobs.kit.clock import Clock, Millis
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.missions import mission
from jobs.missions.partner import AppClient, Client, Role
from jobs.missions.ports import AppClients


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPartner:
    """A partner to create."""

    tenant: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    client_secret: str = field(repr=False)
    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A partner. `credentials` is None if an earlier request with this Idempotency-Key got them."""

    partner: Client
    credentials: Credentials | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagePartners:
    registry: Registry
    partners: Resource[Client]
    keys: Resource[ApiKey]
    app_clients: AppClients
    claim_topics: Callable[[str], None]
    """Reserves a tenant's MQTT topics. Raises `TopicsTakenError`."""
    clock: Clock

    def create(
        self, actor: Actor, wanted: NewPartner, idempotency_key: str | None = None
    ) -> Enrolled:
        """Raises `TenantNotFoundError`, `KeyConflictError`, `TopicsTakenError`,
        `TooManyPartnersError`.
        """
        tenant = wanted.tenant
        key_id = derive_key_id(tenant, "create partner", idempotency_key)
        if key_id and (known := self._find_by_key(tenant, key_id)):
            if (known.name, known.role) != (wanted.name, wanted.role):
                raise KeyConflictError
            return Enrolled(partner=known, credentials=None)
        if self.registry.find(TENANTS, tenant, tenant) is None:
            raise TenantNotFoundError(tenant)
        self.claim_topics(tenant)
        now = self.clock()
        with self._app_client(wanted) as app_client:
            made, writes = self._enrol(wanted, app_client, now, key_id)
            record = new_record(
                now, actor, "create", self.partners, tenant, app_client.id, after=made.partner
            )
            self.registry.commit(writes, record)
        return made

    def rotate(
        self,
        actor: Actor,
        tenant: str,
        partner_id: str,
        *,
        overlap: Millis,
        idempotency_key: str | None = None,
    ) -> Enrolled:
        """Replace a partner by a new one of the same name and role.

        Both work until the overlap ends. Raises `EntryNotFoundError`, `PartnerReplacedError`,
        `PartnerExpiredError`, `EntryChangedError`, `TopicsTakenError`, `TooManyPartnersError`.
        """
        now = self.clock()
        found = self._find(tenant, partner_id)
        old = found.value
        key_id = derive_key_id(tenant, partner_id, idempotency_key)
        if old.replaced_by:
            known = self.registry.find(self.partners, tenant, old.replaced_by)
            if known and known.value.key_id == key_id:
                return Enrolled(partner=known.value, credentials=None)
            raise PartnerReplacedError(partner_id, old.replaced_by)
        if not old.is_valid(now):
            raise PartnerExpiredError(partner_id)
        self.claim_topics(tenant)  # partners of earlier versions have not
        wanted = NewPartner(tenant=tenant, name=old.name, role=old.role)
        with self._app_client(wanted) as app_client:
            made, writes = self._enrol(wanted, app_client, now, key_id)
            ends = now + overlap
            retired = replace(old, expires_at=ends, replaced_by=app_client.id)
            record = new_record(
                now, actor, "rotate", self.partners, tenant, partner_id, before=old, after=retired
            )
            retire_keys = [
                self._write_key(_retire(key.value, ends), key.version) for key in self._keys_of(old)
            ]
            self.registry.commit(
                [self._write_partner(retired, found.version), *retire_keys, *writes], record
            )
        return made

    def revoke(self, actor: Actor, tenant: str, partner_id: str) -> None:
        """Delete a partner with its API key and its app client.

        The app client goes first: whatever fails, a repeated request deletes the rest.
        Raises `EntryNotFoundError`, `EntryChangedError`.
        """
        found = self._find(tenant, partner_id)
        self.app_clients.delete(partner_id)
        gone: list[Write[Any]] = [
            Write(
                resource=self.keys, tenant=tenant, id=key.value.id, value=None,
                replacing=key.version,
            )
            for key in self._keys_of(found.value)
        ]  # fmt: skip
        record = new_record(
            self.clock(), actor, "revoke", self.partners, tenant, partner_id, before=found.value
        )
        partner: Write[Client] = Write(
            resource=self.partners, tenant=tenant, id=partner_id, value=None,
            replacing=found.version,
        )  # fmt: skip
        self.registry.commit([partner, *gone], record)

    @contextmanager
    def _app_client(self, wanted: NewPartner) -> Iterator[AppClient]:
        """Create an app client, and delete it again if its entry is not written."""
        made = self.app_clients.create(wanted.name, wanted.role)
        try:
            yield made
        except Exception:
            with suppress(UnavailableError, RefusedError):
                self.app_clients.delete(made.id)
            raise

    def _enrol(
        self, wanted: NewPartner, app_client: AppClient, now: Millis, key_id: str | None
    ) -> tuple[Enrolled, Sequence[Write[Any]]]:
        """Return a new partner, and what to write."""
        api_key, key = new_key(
            wanted.tenant, opens=mission.KIND, name=wanted.name, created_at=now, key_id=key_id
        )
        partner = Client(
            id=app_client.id,
            tenant=wanted.tenant,
            name=wanted.name,
            role=wanted.role,
            key_id=key.id,
            created_at=now,
        )
        credentials = Credentials(client_secret=app_client.secret, api_key=api_key)
        writes: list[Write[Any]] = [
            self._write_partner(partner, None), self._write_key(key, None),
        ]  # fmt: skip
        return Enrolled(partner=partner, credentials=credentials), writes

    def _find(self, tenant: str, partner_id: str) -> Found[Client]:
        found = self.registry.find(self.partners, tenant, partner_id)
        if found is None:
            raise EntryNotFoundError(self.partners.name, partner_id)
        return found

    def _find_by_key(self, tenant: str, key_id: str) -> Client | None:
        partners = list_all(self.registry, self.partners, tenant)
        return next((each for each in partners if each.key_id == key_id), None)

    def _keys_of(self, partner: Client) -> Iterator[Found[ApiKey]]:
        """Yield the partner's key, and those that rotations of the key alone have created."""
        key_id: str | None = partner.key_id
        while key_id and (found := self.registry.find(self.keys, partner.tenant, key_id)):
            yield found
            key_id = found.value.replaced_by

    def _write_partner(self, partner: Client, replacing: str | None) -> Write[Client]:
        return Write(
            resource=self.partners,
            tenant=partner.tenant,
            id=partner.id,
            value=partner,
            replacing=replacing,
        )

    def _write_key(self, key: ApiKey, replacing: str | None) -> Write[ApiKey]:
        return Write(
            resource=self.keys, tenant=key.tenant, id=key.id, value=key, replacing=replacing
        )


def _retire(key: ApiKey, ends: Millis) -> ApiKey:
    return replace(key, expires_at=min(ends, key.expires_at or ends))
