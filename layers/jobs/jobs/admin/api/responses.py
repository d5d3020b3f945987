"""The admin API: responses."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from jobs.admin.api.query import to_cursor, to_etag
from jobs.auth.api_key import OPERATORS
from jobs.kit.http import Response
from jobs.kit.iso_time import iso

if TYPE_CHECKING:
    from jobs.admin.api import types
    from jobs.admin.audit import Record
    from jobs.admin.manage_entries import Put
    from jobs.admin.manage_keys import Minted
    from jobs.admin.manage_partners import Enrolled
    from jobs.admin.ports import Found, Page
    from jobs.auth.api_key import ApiKey
    from jobs.core.resource import Resource
    from jobs.missions.partner import Client


def entry_response[T](
    resource: Resource[T], value: T, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    return Response(status, resource.show(value))


def put_response[T](resource: Resource[T], put: Put[T]) -> Response:
    created = put.outcome == "created"
    return found_response(resource, put.found, HTTPStatus.CREATED if created else HTTPStatus.OK)


def found_response[T](
    resource: Resource[T], found: Found[T], status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """Return an entry with its ETag."""
    return Response(status, resource.show(found.value), {"ETag": to_etag(found.version)})


def page_response[T](resource: Resource[T], page: Page[T]) -> Response:
    entries = [resource.show(each) for each in page.entries]
    return Response(HTTPStatus.OK, {_field(resource.name): entries, **_next(page)})


def minted_response(keys: Resource[ApiKey], minted: Minted) -> Response:
    """Return 201 with the secret, or 200 without it if an earlier response had it."""
    shown = keys.show(minted.key)
    if minted.credential is None:
        return Response(HTTPStatus.OK, shown)
    return Response(HTTPStatus.CREATED, {**shown, "secret": minted.credential})


def enrolled_response(partners: Resource[Client], enrolled: Enrolled) -> Response:
    """Return 201 with the credentials, or 200 without them if an earlier response had them."""
    shown = partners.show(enrolled.partner)
    if enrolled.credentials is None:
        return Response(HTTPStatus.OK, shown)
    secrets = {
        "clientSecret": enrolled.credentials.client_secret,
        "apiKey": enrolled.credentials.api_key,
    }
    return Response(HTTPStatus.CREATED, {**shown, **secrets})


def deleted_response(entry: str) -> Response[types.Deleted]:
    return Response(HTTPStatus.OK, {"id": entry, "deleted": True})


def audit_response(page: Page[Record]) -> Response:
    return Response(HTTPStatus.OK, {"records": list(map(to_record, page.entries)), **_next(page)})


def to_record(record: Record) -> types.AuditRecord:
    body: types.AuditRecord = {
        "id": record.id,
        "at": iso(record.at),
        "actor": {"name": record.actor.name},
        "action": record.action,
        "resource": record.resource,
        "entry": record.entry,
    }
    if record.actor.key:
        body["actor"]["keyId"] = record.actor.key
    if record.tenant != OPERATORS:
        body["tenant"] = record.tenant
    if record.before is not None:
        body["before"] = dict(record.before)
    if record.after is not None:
        body["after"] = dict(record.after)
    return body


def _next(page: Page[Any]) -> dict[str, str]:
    return {} if page.next is None else {"nextCursor": to_cursor(page.next)}


def _field(name: str) -> str:
    """Return a resource's name as a field: `deviceGroups` of `device-groups`."""
    first, *others = name.split("-")
    return first + "".join(map(str.capitalize, others))
