"""API keys as the admin API manages them."""

from typing import Any, Final

from jobs.auth.adapters.api_keys import from_row, to_row
from jobs.auth.api_key import ApiKey
from jobs.auth.authenticate import prefix_of
from jobs.core.resource import Resource
from jobs.kit.iso_time import iso


def _show(key: ApiKey) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": key.id,
        "api": key.opens,
        "prefix": prefix_of(key),
        "scopes": sorted(key.scopes),
    }
    if key.name:
        shown["name"] = key.name
    if key.created_at is not None:
        shown["createdAt"] = iso(key.created_at)
    if key.expires_at is not None:
        shown["expiresAt"] = iso(key.expires_at)
    if key.used_at is not None:
        shown["lastUsedAt"] = iso(key.used_at)
    if key.replaced_by:
        shown["replacedBy"] = key.replaced_by
    return shown


KEYS: Final[Resource[ApiKey]] = Resource(
    name="keys", label="KEY", home="own", show=_show, to_row=to_row, from_row=from_row
)
