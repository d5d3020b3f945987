"""The admin API over a registry with the tenant of the sample events."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import TypeAdapter

from jobs.admin.adapters.sqlite import SqliteAuditLog
from jobs.admin.tenant import TENANTS, Tenant
from jobs.admin.wiring import wiring as admin_wiring
from jobs.auth.adapters.resources import KEYS
from jobs.auth.api_key import ApiKey
from jobs.core.adapters.sqlite.usage import SqliteUsage
from jobs.core.resource import Resource
from jobs.kit.types import Error
from jobs.missions.adapters.resources import PARTNERS
from jobs.missions.partner import Client
from scripts.openapi.admin import ADMIN
from scripts.openapi.model import Type
from tests.databases import AdminRegistry
from tests.fakes.memory_app_clients import InMemoryAppClients
from tests.handlers.conftest import Answer

TENANT = "acme"
KEY_ID = "a1b2c3d4e5f6"
PARTNER_ID = "EXAMPLECLIENTOFNOBODY0000000"


@pytest.fixture
def admin(rewire, clock) -> SimpleNamespace:
    """The registry with one tenant; `add` stores a key or a partner."""
    registry = AdminRegistry()
    registry.put(TENANTS, TENANT, TENANT, Tenant(id=TENANT, name="Acme"))
    rewire(
        admin_wiring, clock=clock, registry=registry, audit_log=SqliteAuditLog(registry.database)
    )
    app_clients = InMemoryAppClients()
    rewire(
        admin_wiring,
        usage=SqliteUsage(registry.database, clock),
        app_clients=app_clients,
        claim_topics=lambda tenant: None,
    )

    def add(entry: ApiKey | Client) -> None:
        resource: Resource[Any] = KEYS if isinstance(entry, ApiKey) else PARTNERS
        registry.put(resource, entry.tenant, entry.id, entry)

    return SimpleNamespace(registry=registry, app_clients=app_clients, add=add)


@pytest.fixture
def ask(invoke, event):
    """Invoke a handler of the admin API, with changes to its event's top-level fields."""

    def answer(name: str, **changes: Any) -> Answer:
        made = invoke(f"admin/{name}", **changes)
        assert made["headers"]["Content-Type"] == "application/json"
        assert made["headers"]["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in made["headers"]
        sent = event(f"admin/{name}") | changes
        collection = (sent["pathParameters"] or {}).get("collection", "")
        path = sent["requestContext"]["resourcePath"].replace("{collection}", collection)
        TypeAdapter(declare(name, path, made["statusCode"])).validate_json(made["body"])
        return Answer(made["statusCode"], made["headers"], made["body"])

    return answer


def declare(handler: str, path: str, status: int) -> Type:
    """Return the documented type of a response. Paths without a document have errors only."""
    for each in ADMIN.operations:
        if (each.handler or each.name, each.path) == (handler, path):
            return each.response_type(status)
    return Error


@pytest.fixture
def ask_for(ask, event):
    """Invoke a handler of entries for a resource, with an entry's id and a body."""

    def answer(
        name: str,
        resource: str,
        entry: str = "",
        body: Any = None,
        *,
        tenant: str = TENANT,
        **headers: str,
    ) -> Any:
        path, parameters = "/admin/tenants/{tenant}/{collection}", {"collection": resource}
        if resource == "limits":
            path, parameters = "/admin/tenants/{tenant}/limits", {}
        if entry:
            path, parameters = f"{path}/{{entryId}}", parameters | {"entryId": entry}
        sent = event(f"admin/{name}")
        return ask(
            name,
            pathParameters={"tenant": tenant} | parameters,
            requestContext=sent["requestContext"] | {"resourcePath": path},
            headers=sent["headers"] | {each.replace("_", "-"): it for each, it in headers.items()},
            body=None if body is None else json.dumps(body),
        )

    return answer
