"""Behaviour common to all endpoints of the admin API."""

import json

import pytest

from jobs.admin.wiring import wiring as admin_wiring
from jobs.auth.api_key import ApiKey
from jobs.kit.errors import UnavailableError
from jobs.missions.partner import Client, Role
from jobs.missions.wiring import wiring as missions
from tests.handlers.admin.conftest import KEY_ID, PARTNER_ID, TENANT
from tests.handlers.conftest import EVENTS, Answer
from tests.support import Broken

ENDPOINTS = sorted(file.stem for file in (EVENTS / "admin").glob("*.json"))
CHANGES = {
    "create_key": ("create", "keys"), "rotate_key": ("rotate", "keys"),
    "revoke_key": ("revoke", "keys"), "rename_tenant": ("replace", "tenants"),
    "create_partner": ("create", "partners"), "rotate_partner": ("rotate", "partners"),
    "revoke_partner": ("revoke", "partners"),
}  # fmt: skip


def secrets_of(answer: Answer) -> list[str]:
    names = ("secret", "clientSecret", "apiKey")
    return [answer.body[name] for name in names if name in answer.body]


@pytest.fixture(autouse=True)
def stored(admin, rewire) -> None:
    rewire(missions, claim_group=lambda group: None)
    admin.add(ApiKey(id=KEY_ID, tenant=TENANT, sha256="0" * 64))
    admin.add(Client(id=PARTNER_ID, tenant=TENANT, name="App", role=Role.PILOT))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("scopes", ["", "read write"])
def test_key_without_the_scope_is_forbidden(ask, admin, event, endpoint, scopes) -> None:
    context = event(f"admin/{endpoint}")["requestContext"]
    context["authorizer"]["scopes"] = scopes

    answer = ask(endpoint, requestContext=context)

    assert (answer.status, answer.body["code"]) == (403, "FORBIDDEN")
    assert admin.registry.records == []


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_throttled_table_returns_503_with_retry_after(ask, rewire, endpoint) -> None:
    broken = Broken(UnavailableError("ThrottlingException"))
    rewire(admin_wiring, registry=broken, audit_log=broken, usage=broken)

    answer = ask(endpoint)

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_unexpected_error_returns_500_without_details(ask, rewire, endpoint) -> None:
    broken = Broken(RuntimeError("table sortie-secret is on fire"))
    rewire(admin_wiring, registry=broken, audit_log=broken, usage=broken)

    answer = ask(endpoint)

    assert (answer.status, answer.body["error"]) == (500, "Internal server error")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_log_names_the_operators_key_and_no_secret(ask, event, log, endpoint) -> None:
    answer = ask(endpoint)

    logged = json.dumps(log())
    assert log()[-1]["admin_key"] == "0123456789ab"
    assert event(f"admin/{endpoint}")["headers"]["X-API-Key"] not in logged
    assert not [secret for secret in secrets_of(answer) if secret in logged]


@pytest.mark.parametrize("endpoint", CHANGES)
def test_change_leaves_one_record_without_secrets(ask, admin, endpoint) -> None:
    answer = ask(endpoint)

    [record] = ask("list_audit").body["records"]
    assert (record["action"], record["resource"]) == CHANGES[endpoint]
    assert (record["tenant"], record["at"]) == (TENANT, "2026-01-01T12:00:00.000Z")
    assert record["actor"] == {"name": "ops", "keyId": "0123456789ab"}
    text = json.dumps(record)
    assert "sha256" not in text
    assert "0" * 64 not in text
    assert not [secret for secret in secrets_of(answer) if secret in text]


@pytest.mark.parametrize("endpoint", ["list_audit", "list_keys", "list_tenants"])
@pytest.mark.parametrize("cursor", ["", "x", "a" * 5000, "YQ", "\u00fc", "AA==", "Cg=="])
def test_cursor_that_no_page_gave_is_refused(ask, endpoint, cursor) -> None:
    answer = ask(endpoint, queryStringParameters={"cursor": cursor})

    assert (answer.status, answer.body["error"]) == (
        400, "cursor must be the nextCursor of a page",
    )  # fmt: skip


@pytest.mark.parametrize("tenant", ["", "_operators", "a" * 2000])
def test_audit_of_an_impossible_tenant_is_refused(ask, tenant) -> None:
    assert ask("list_audit", queryStringParameters={"tenant": tenant}).status == 400
