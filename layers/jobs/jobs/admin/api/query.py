"""The admin API: ids in paths, cursors and headers. No cold start pays for pydantic here."""

import base64
import re
from collections.abc import Collection
from typing import Final

from jobs.admin.errors import (
    CollectionNotFoundError,
    EntryNotFoundError,
    PreconditionFailedError,
    TenantNotFoundError,
)
from jobs.admin.ports import Found
from jobs.auth.api_key import OPERATORS
from jobs.core.ids import is_tenant, is_uuid
from jobs.kit.http import BadRequestError, Request

_KEY_ID: Final = re.compile("[a-f0-9]{12}")
_PARTNER_ID: Final = re.compile(r"[A-Za-z0-9_+-]{1,128}")
_MAX_ENTRY_ID_LENGTH: Final = 128
_MAX_CURSOR_LENGTH: Final = 400
_ETAG: Final = re.compile(r'"([a-z0-9-]{0,64})"')


def parse_tenant(request: Request) -> str:
    """Return the path's tenant. Raises `TenantNotFoundError` if no tenant can have this id."""
    tenant = request.path("tenant")
    if not is_tenant(tenant):
        raise TenantNotFoundError(tenant[:64])
    return tenant


def parse_tenant_filter(request: Request) -> str | None:
    """Return the tenant of a query, or None for all. Raises `BadRequestError`."""
    tenant = request.query("tenant")
    if tenant is not None and not is_tenant(tenant):
        raise BadRequestError("tenant must be the id of a tenant")
    return tenant


def parse_key_owner(request: Request) -> str:
    """Return the owner of the keys below this path: a tenant, or the operators."""
    return parse_tenant(request) if request.has_path("tenant") else OPERATORS


def parse_key_id(request: Request) -> str:
    """Raises `EntryNotFoundError` if no key can have this id."""
    key_id = request.path("keyId")
    if not _KEY_ID.fullmatch(key_id):
        raise EntryNotFoundError("keys", key_id[:64])
    return key_id


def parse_partner_id(request: Request) -> str:
    """Raises `EntryNotFoundError` if no partner can have this id."""
    partner_id = request.path("partnerId")
    if not _PARTNER_ID.fullmatch(partner_id):
        raise EntryNotFoundError("partners", partner_id[:64])
    return partner_id


def parse_resource(request: Request, collections: Collection[str]) -> str:
    """Return the name of the path's resource: `agents` of `/admin/tenants/acme/agents`.

    Names with routes of their own are not in `collections`. Raises `CollectionNotFoundError`.
    """
    if not request.has_path("collection"):
        return request.route.split("/")[4]
    name = request.path("collection")
    if name not in collections:
        raise CollectionNotFoundError
    return name


def parse_entry_id(request: Request, resource: str) -> str:
    """Return the path's id. The single entry of its kind has the name of its resource."""
    if not request.has_path("entryId"):
        return resource
    entry = request.path("entryId")
    if len(entry) > _MAX_ENTRY_ID_LENGTH:
        raise EntryNotFoundError(resource, entry[:64])
    return to_id(resource, entry)


def to_id(resource: str, text: str) -> str:
    """Return an id as stored: those of agents are UUIDs, in small letters."""
    return text.lower() if resource == "agents" and is_uuid(text) else text


def parse_cursor(request: Request) -> str | None:
    """Return the position of a cursor. Raises `BadRequestError`."""
    cursor = request.query("cursor")
    if cursor is None:
        return None
    try:
        position = base64.urlsafe_b64decode(cursor[:_MAX_CURSOR_LENGTH].encode("ascii")).decode()
    except ValueError:
        position = ""
    if not (position and position.isprintable() and to_cursor(position) == cursor):
        raise BadRequestError("cursor must be the nextCursor of a page")
    return position


def parse_record_cursor(request: Request) -> str | None:
    """Return the id of the record before a page. Raises `BadRequestError`."""
    position = parse_cursor(request)
    if position is not None and not is_uuid(position):
        raise BadRequestError("cursor must be the nextCursor of a page")
    return position


def to_cursor(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode()


def to_etag(version: str) -> str:
    return f'"{version}"'


def require_match(request: Request, found: Found[object] | None) -> None:
    """Check If-Match and If-None-Match (RFC 9110, 13.1). Raises `PreconditionFailedError`."""
    wanted, unwanted = request.header("if-match"), request.header("if-none-match")
    for each in (wanted, unwanted):
        if each is not None and each != "*" and not _ETAG.fullmatch(each):
            raise BadRequestError('If-Match and If-None-Match must be "*" or one ETag')
    etag = found and to_etag(found.version)
    if wanted is not None and (etag is None or wanted not in {"*", etag}):
        raise PreconditionFailedError
    if unwanted is not None and etag is not None and unwanted in {"*", etag}:
        raise PreconditionFailedError
