"""The admin API: `sortie.admin`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Literal, override
from uuid import uuid4

from sortie_client._core.flow import Emit, Flow, Response, StreamFlow
from sortie_client._core.http import path, without_none
from sortie_client._core.key_api import KeyApi
from sortie_client._core.models import camel_case, decode
from sortie_client._core.operation import operation, stream
from sortie_client.admin.models import (
    AuditPage,
    AuditRecord,
    Entry,
    Key,
    KeyPage,
    Partner,
    PartnerPage,
    Resource,
    Tenant,
    TenantPage,
    Usage,
)
from sortie_client.errors import NotConfiguredError


class AdminApi[R](KeyApi[R]):
    """Manages tenants and their entries in the registry. Needs a key of the admin API.

    Lists return all pages. Without a `tenant`, keys are those of the admin API itself.
    """

    # ── Tenants ──

    @operation
    def create_tenant(self, tenant: str, *, name: str | None = None) -> Flow[Tenant]:
        body = without_none(id=tenant, name=name)
        response = yield from self._call("POST", "/admin/tenants", body=body, idempotent=False)
        return decode(Tenant, response.json)

    @operation
    def list_tenants(self) -> Flow[Sequence[Tenant]]:
        pages = yield from self._pages("/admin/tenants")
        return [each for page in pages for each in decode(TenantPage, page).tenants]

    @operation
    def get_tenant(self, tenant: str) -> Flow[Tenant]:
        response = yield from self._call("GET", path("admin", "tenants", tenant))
        return decode(Tenant, response.json)

    @operation
    def rename_tenant(self, tenant: str, name: str) -> Flow[Tenant]:
        where = path("admin", "tenants", tenant)
        response = yield from self._call("PUT", where, body={"name": name})
        return decode(Tenant, response.json)

    @operation
    def delete_tenant(self, tenant: str) -> Flow[None]:
        """Raises `ConflictError` while the tenant has entries, such as keys."""
        yield from self._call("DELETE", path("admin", "tenants", tenant), idempotent=False)

    # ── Keys ──

    @operation
    def create_key(  # noqa: PLR0913 - the fields of a key
        self,
        tenant: str | None,
        name: str,
        *,
        api: Literal["messaging", "docs", "workers"] = "messaging",
        scopes: Sequence[str] | None = None,
        agents: Sequence[str] | Literal["*"] | None = None,
        expires_in_days: int | None = None,
    ) -> Flow[Key]:
        """Return the new key, with its `secret` for the only time.

        Keys of documentation agents need the `scopes` `read`, `write` or both, those of workers
        the ids of their `agents`, or `*` for all. If the first response was lost, the secret is
        lost, too, and None: rotate the key.
        """
        body = without_none(
            name=name,
            api=None if tenant is None else api,
            scopes=None if scopes is None else [*scopes],
            agents=agents if agents is None or agents == "*" else [*agents],
            expiresInDays=expires_in_days,
        )
        response = yield from self._post_once(_keys(tenant), body)
        return decode(Key, response.json)

    @operation
    def list_keys(self, tenant: str | None = None) -> Flow[Sequence[Key]]:
        pages = yield from self._pages(_keys(tenant))
        return [each for page in pages for each in decode(KeyPage, page).keys]

    @operation
    def rotate_key(
        self, tenant: str | None, key_id: str, *, overlap_seconds: int | None = None
    ) -> Flow[Key]:
        """Replace a key; return the new one. The old one works for `overlap_seconds` more."""
        where = f"{_keys(tenant)}{path(key_id, 'rotate')}"
        response = yield from self._post_once(where, without_none(overlapSeconds=overlap_seconds))
        return decode(Key, response.json)

    @operation
    def revoke_key(self, tenant: str | None, key_id: str) -> Flow[None]:
        yield from self._call("DELETE", f"{_keys(tenant)}{path(key_id)}", idempotent=False)

    # ── Partners: programs for the missions API ──

    @operation
    def create_partner(
        self, tenant: str, name: str, role: Literal["viewer", "pilot", "manager"]
    ) -> Flow[Partner]:
        """Return the new partner, with its `client_secret` and `api_key` for the only time.

        If the first response was lost, the secrets are lost, too, and None: rotate the partner.
        """
        body = {"name": name, "role": role}
        response = yield from self._post_once(_partners(tenant), body)
        return decode(Partner, response.json)

    @operation
    def list_partners(self, tenant: str) -> Flow[Sequence[Partner]]:
        pages = yield from self._pages(_partners(tenant))
        return [each for page in pages for each in decode(PartnerPage, page).partners]

    @operation
    def rotate_partner(
        self, tenant: str, partner_id: str, *, overlap_seconds: int | None = None
    ) -> Flow[Partner]:
        """Replace a partner; return the new one. The old one works for `overlap_seconds` more."""
        where = f"{_partners(tenant)}{path(partner_id, 'rotate')}"
        response = yield from self._post_once(where, without_none(overlapSeconds=overlap_seconds))
        return decode(Partner, response.json)

    @operation
    def revoke_partner(self, tenant: str, partner_id: str) -> Flow[None]:
        where = f"{_partners(tenant)}{path(partner_id)}"
        yield from self._call("DELETE", where, idempotent=False)

    # ── Entries: agents, drones, projects, webhooks, limits ──

    @operation
    def list_entries(self, tenant: str, resource: Resource) -> Flow[Sequence[Entry]]:
        pages = yield from self._pages(_entries(tenant, resource))
        field = camel_case(resource.replace("-", "_"))
        return [decode(Entry, each) for page in pages for each in page.get(field, [])]

    @operation
    def get_entry(self, tenant: str, resource: Resource, entry: str = "") -> Flow[Entry]:
        response = yield from self._call("GET", _entry(tenant, resource, entry))
        return _decode_entry(response)

    @operation
    def put_entry(
        self,
        tenant: str,
        resource: Resource,
        fields: Mapping[str, Any],
        *,
        if_match: str | None = None,
    ) -> Flow[Entry]:
        """Create an entry, or replace all of its fields. `fields` has the `id`.

        `if_match`: replace only the version with this `etag`.
        """
        where = _entry(tenant, resource, str(fields.get("id", "")))
        conditions = without_none(**{"If-Match": if_match})
        response = yield from self._call("PUT", where, headers=conditions, body=fields)
        return _decode_entry(response)

    @operation
    def delete_entry(self, tenant: str, resource: Resource, entry: str = "") -> Flow[None]:
        """Raises `ConflictError` while other entries belong to it, such as devices to a group."""
        yield from self._call("DELETE", _entry(tenant, resource, entry), idempotent=False)

    # ── Audit and usage ──

    @stream
    def list_audit(self, tenant: str | None = None) -> StreamFlow[AuditRecord, None]:
        """Iterate over the changes of all tenants or of one, newest first."""
        cursor: str | None = None
        while True:
            query = without_none(tenant=tenant, cursor=cursor)
            response = yield from self._call("GET", "/admin/audit", query=query)
            page = decode(AuditPage, response.json)
            for record in page.records:
                yield Emit(record)
            cursor = page.next_cursor
            if cursor is None:
                return

    @operation
    def get_usage(
        self,
        tenant: str,
        *,
        key: str | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> Flow[Usage]:
        """Return the usage of a tenant, or of one of its keys, for 92 days at most.

        By default, `until` is today in UTC, and `since` 29 days earlier.
        """
        days = {name: day and day.isoformat() for name, day in (("from", since), ("to", until))}
        query = without_none(tenant=tenant, key=key, **days)
        response = yield from self._call("GET", "/admin/usage", query=query)
        return decode(Usage, response.json)

    # ── Requests ──

    @override
    def _call(self, method: str, path: str, **options: Any) -> Flow[Response]:
        if not self._key:
            raise NotConfiguredError("The admin API needs a key of its own. Set SORTIE_ADMIN_KEY")
        return super()._call(method, path, **options)

    def _post_once(self, where: str, body: Mapping[str, Any]) -> Flow[Response]:
        once = {"Idempotency-Key": str(uuid4())}
        return self._call("POST", where, headers=once, body=body)

    def _pages(self, where: str) -> Flow[list[Any]]:
        """Return the bodies of all pages of a list."""
        pages: list[Any] = []
        cursor: str | None = None
        while True:
            response = yield from self._call("GET", where, query=without_none(cursor=cursor))
            pages.append(response.json)
            cursor = response.field("nextCursor")
            if cursor is None:
                return pages


def _entries(tenant: str, resource: Resource) -> str:
    return path("admin", "tenants", tenant, resource)


def _entry(tenant: str, resource: Resource, entry: str) -> str:
    return _entries(tenant, resource) + ("" if resource == "limits" else path(entry))


def _decode_entry(response: Response) -> Entry:
    return replace(decode(Entry, response.json), etag=response.headers.get("etag"))


def _partners(tenant: str) -> str:
    return path("admin", "tenants", tenant, "partners")


def _keys(tenant: str | None) -> str:
    return "/admin/keys" if tenant is None else path("admin", "tenants", tenant, "keys")
