"""The operations of the admin API."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Final

from pydantic import Field

from jobs.admin import errors
from jobs.admin.api import query, types
from jobs.admin.api.endpoint import ScopeMissingError, handle_error
from jobs.admin.api.requests import (
    CreateAdminKeyBody,
    CreateKeyBody,
    CreatePartnerBody,
    CreateTenantBody,
    RenameTenantBody,
    RotateKeyBody,
    parse,
)
from jobs.admin.api.usage import parse_usage_query
from jobs.core.ids import TENANT
from jobs.kit.http import TooLargeError
from jobs.kit.types import Error
from jobs.missions.errors import TooManyPartnersError, TopicsTakenError
from scripts.openapi.admin_entries import HEADERS, TAGS, entry_operations
from scripts.openapi.model import Api, Operation, Type, capture_error, request_with
from scripts.openapi.shared import RETRY_AFTER

_KEY: Final[dict[str, Any]] = {
    "security": ["adminKey"],
    "error_type": Error,
    "error_response": handle_error,
}
_CURSOR: Final[dict[str, Type]] = {
    "cursor": Annotated[str, Field(description="The nextCursor of the page before")]
}
_IDEMPOTENCY_KEY: Final[dict[str, Type]] = {
    "Idempotency-Key": Annotated[
        str,
        Field(
            min_length=1,
            max_length=255,
            description="Any printable text. A repeated request returns the same key, without its"
            " secret: Sortie does not store secrets. Rotate a key whose secret is lost",
        ),
    ]
}
_NO_TENANT: Final = errors.TenantNotFoundError("acme")
_NO_KEY: Final = errors.EntryNotFoundError("keys", "a1b2c3d4e5f6")
_CHANGED: Final = errors.EntryChangedError()
_BAD_CURSOR: Final = capture_error(query.parse_cursor, request_with(cursor="x"))
_BAD_DAYS: Final = capture_error(
    partial(parse_usage_query, today=date(2026, 1, 31)),
    request_with(tenant="acme", to="2026-01-01", **{"from": "2026-01-02"}),
)
_FORBIDDEN: Final = ScopeMissingError()
_TENANT: Final = "/admin/tenants/{tenant}"
_KEYS: Final = f"{_TENANT}/keys"
_PARTNERS: Final = f"{_TENANT}/partners"
_PARTNER: Final = "EXAMPLECLIENTOFNOBODY0000000"
_NO_PARTNER: Final = errors.EntryNotFoundError("partners", _PARTNER)


def _operation(
    name: str, method: str, path: str, summary: str, *raised: Exception, **more: Any
) -> Operation:
    return Operation(
        name=name,
        method=method,
        path=path,
        summary=summary,
        errors=[_FORBIDDEN, *raised],
        **_KEY,
        **more,
    )


def _refusals(body: Type) -> list[Exception]:
    return [capture_error(parse, body, {"surprise": True}), TooLargeError()]


def _key_operations(keys: str, kind: str, raised: list[Exception]) -> list[Operation]:
    """Return the operations on keys below a path."""
    tag, more = f"{kind} keys".capitalize(), "_admin" if kind == "admin" else ""
    minted = {"tag": tag, "headers": _IDEMPOTENCY_KEY}
    return [
        _operation(
            f"list{more}_keys", "GET", keys, f"List {kind} keys", *raised, _BAD_CURSOR,
            tag=tag, query=_CURSOR, handler="list_keys", responses={200: types.ListKeysResponse},
        ),
        _operation(
            f"rotate{more}_key", "POST", f"{keys}/{{keyId}}/rotate",
            f"Replace one of the {kind} keys, and show the new one once",
            _NO_KEY, *raised, *_refusals(RotateKeyBody), _CHANGED, errors.KeyConflictError(),
            errors.KeyReplacedError("a1b2c3d4e5f6", "0f1e2d3c4b5a"),
            errors.KeyExpiredError("a1b2c3d4e5f6"),
            description="The new key has the name, the scopes and the lifetime of the previous one,"
            " which works for `overlapSeconds` more.",
            body=RotateKeyBody, example={"overlapSeconds": 3600}, handler="rotate_key",
            responses={200: types.CreatedKey, 201: types.CreatedKey}, **minted,
        ),
        _operation(
            f"revoke{more}_key", "DELETE", f"{keys}/{{keyId}}", f"Revoke one of the {kind} keys",
            _NO_KEY, *raised, _CHANGED,
            description="API Gateway accepts a revoked key for one more minute at most.",
            tag=tag, handler="revoke_key", responses={200: types.Deleted},
        ),
    ]  # fmt: skip


def _partner_operations() -> list[Operation]:
    enrolled = {200: types.CreatedPartner, 201: types.CreatedPartner}
    minted = {"tag": "Partners", "headers": _IDEMPOTENCY_KEY, "responses": enrolled}
    return [
        _operation(
            "create_partner", "POST", _PARTNERS, "Create a partner, and show its credentials once",
            _NO_TENANT, *_refusals(CreatePartnerBody), errors.KeyConflictError(),
            TooManyPartnersError(), TopicsTakenError("acme"),
            description="The program exchanges `id`, `clientSecret` and `apiKey` for access tokens"
            " of the missions API.",
            body=CreatePartnerBody, **minted,
        ),
        _operation(
            "list_partners", "GET", _PARTNERS, "List partners", _NO_TENANT, _BAD_CURSOR,
            tag="Partners", query=_CURSOR, handler="list_entries",
            responses={200: types.ListPartnersResponse},
        ),
        _operation(
            "rotate_partner", "POST", f"{_PARTNERS}/{{partnerId}}/rotate",
            "Replace a partner's credentials, and show the new ones once",
            _NO_PARTNER, _NO_TENANT, *_refusals(RotateKeyBody), _CHANGED,
            errors.PartnerReplacedError(_PARTNER, "OTHEREXAMPLECLIENTOFNOBODY00"),
            errors.PartnerExpiredError(_PARTNER), TooManyPartnersError(), TopicsTakenError("acme"),
            description="The new partner has the name and the role of the previous one, which works"
            " for `overlapSeconds` more.",
            body=RotateKeyBody, example={"overlapSeconds": 3600}, **minted,
        ),
        _operation(
            "revoke_partner", "DELETE", f"{_PARTNERS}/{{partnerId}}", "Revoke a partner",
            _NO_PARTNER, _NO_TENANT, _CHANGED,
            description="Deletes the API key, too. Tokens work for one more minute at most.",
            tag="Partners", responses={200: types.Deleted},
        ),
    ]  # fmt: skip


ADMIN: Final = Api(
    name="admin",
    title="Administration",
    version="1",
    description="Tenants, their API keys and their entries in the registry, for operators. Each"
    " change is an audit record.",
    tags={
        "Tenants": "The organizations that use this stack",
        "Api keys": "Keys of a tenant for messages, sessions and documentation agents",
        "Partners": "Programs for the missions API, and their credentials",
        "Admin keys": "Keys of this API",
        **TAGS,
        "Audit": "Who changed what, and when",
        "Usage": "Jobs, tokens, webhook attempts and payments by day",
    },
    security={
        "adminKey": {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "`sortie_admin_…`, an operator's key. It opens no other API",
        }
    },
    parameters={
        "tenant": Annotated[str, Field(description="The tenant's id")],
        "entryId": Annotated[str, Field(description="The entry's id")],
        "keyId": Annotated[str, Field(description="The key's id, 12 hexadecimal digits")],
        "partnerId": Annotated[str, Field(description="The partner's client id")],
    },
    path_examples={"entryId": "quay"},
    headers={**RETRY_AFTER, **HEADERS},
    operations=[
        _operation(
            "create_tenant", "POST", "/admin/tenants", "Create a tenant",
            *_refusals(CreateTenantBody), errors.EntryExistsError("tenants", "acme"),
            tag="Tenants", body=CreateTenantBody, responses={201: types.Tenant},
        ),
        _operation(
            "list_tenants", "GET", "/admin/tenants", "List tenants", _BAD_CURSOR,
            tag="Tenants", query=_CURSOR, responses={200: types.ListTenantsResponse},
        ),
        _operation(
            "get_tenant", "GET", _TENANT, "Get a tenant", _NO_TENANT,
            tag="Tenants", responses={200: types.Tenant},
        ),
        _operation(
            "rename_tenant", "PUT", _TENANT, "Rename a tenant",
            _NO_TENANT, *_refusals(RenameTenantBody), _CHANGED,
            tag="Tenants", body=RenameTenantBody, responses={200: types.Tenant},
        ),
        _operation(
            "delete_tenant", "DELETE", _TENANT, "Delete a tenant that has no entries left",
            _NO_TENANT, _CHANGED, errors.EntryInUseError("Tenant acme still has entries"),
            tag="Tenants", responses={200: types.Deleted},
        ),
        _operation(
            "create_key", "POST", _KEYS, "Create an API key, and show it once",
            _NO_TENANT, *_refusals(CreateKeyBody), errors.KeyConflictError(),
            tag="Api keys", body=CreateKeyBody, headers=_IDEMPOTENCY_KEY,
            responses={200: types.CreatedKey, 201: types.CreatedKey},
        ),
        *_key_operations(_KEYS, "api", [_NO_TENANT]),
        *_partner_operations(),
        _operation(
            "create_admin_key", "POST", "/admin/keys", "Create an admin key, and show it once",
            *_refusals(CreateAdminKeyBody), errors.KeyConflictError(),
            tag="Admin keys", body=CreateAdminKeyBody, headers=_IDEMPOTENCY_KEY,
            responses={200: types.CreatedKey, 201: types.CreatedKey},
        ),
        *_key_operations("/admin/keys", "admin", []),
        *entry_operations(_operation, _CURSOR, _BAD_CURSOR),
        _operation(
            "list_audit", "GET", "/admin/audit", "List changes, newest first", _BAD_CURSOR,
            description="Records are kept for a year.",
            tag="Audit", responses={200: types.ListAuditResponse},
            query={
                **_CURSOR,
                "tenant": Annotated[str, Field(description="Only changes of this tenant")],
            },
        ),
        _operation(
            "get_usage", "GET", "/admin/usage", "Get the usage of a tenant or key", _BAD_DAYS,
            description="Jobs count on the day (UTC) on which they ended, seconds after their end;"
            " webhook attempts and payments within a minute. Kept for 400 days. A tenant without"
            " usage has none; whether it exists is not checked.",
            tag="Usage", responses={200: types.UsageResponse},
            query={
                "tenant": Annotated[
                    str, Field(pattern=f"^{TENANT}$", description="The tenant's id")
                ],
                "key": Annotated[
                    str,
                    Field(
                        pattern=r"^[A-Za-z0-9_+-]{1,128}$",
                        description="Only the usage of this key, or partner's client",
                    ),
                ],
                "from": Annotated[types.Day, Field(description="Default: 29 days before `to`")],
                "to": Annotated[
                    types.Day, Field(description="At most 91 days after `from`. Default: today")
                ],
            },
            required_query=["tenant"],
        ),
    ],
)  # fmt: skip
