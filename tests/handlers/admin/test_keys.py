"""The life of an API key."""

import json
from dataclasses import replace

import pytest

from jobs.auth.adapters.resources import KEYS
from jobs.auth.api_key import OPERATORS, ApiKey, Scope
from jobs.auth.authenticate import Authenticate
from tests.handlers.admin.conftest import KEY_ID, TENANT
from tests.support import HOUR, NOON

DAY = 24 * HOUR
OLD = ApiKey(id=KEY_ID, tenant=TENANT, sha256="0" * 64)
AGENT = "abcdefab-5555-4555-8555-555555555555"
OF_OPERATORS = {"pathParameters": {"keyId": KEY_ID}}


class Keys:
    """The authenticator's view of the registry."""

    def __init__(self, registry) -> None:
        self._registry = registry

    def key(self, key_id: str) -> ApiKey | None:
        owners = (self._registry.find(KEYS, owner, key_id) for owner in (TENANT, OPERATORS))
        return next((found.value for found in owners if found), None)

    def note(self, key_id: str, hour: int) -> None: ...


@pytest.fixture
def admits(admin, clock):
    """Return whether an API accepts a key at the clock's time."""
    keys = Keys(admin.registry)
    authenticate = Authenticate(keys=keys, uses=keys, clock=clock)
    return lambda secret, opens="messaging": authenticate(secret, opens=opens) is not None


def create(ask, headers=None, **fields):
    body = {"api": "messaging", "name": "ci"} | fields
    return ask("create_key", body=json.dumps(body), headers=headers or {})


def test_created_key_is_shown_once_and_opens_its_api_only(ask, admin, admits) -> None:
    answer = create(ask)

    shown = answer.body
    secret = shown.pop("secret")
    assert answer.status == 201
    assert shown == {
        "id": secret[7:19],
        "name": "ci",
        "api": "messaging",
        "prefix": secret[:19],
        "scopes": [],
        "createdAt": "2026-01-01T12:00:00.000Z",
    }
    assert ask("list_keys").body == {"keys": [shown]}
    assert [opens for opens in ("messaging", "docs", "admin") if admits(secret, opens)] == [
        "messaging"
    ]


def test_docs_key_has_its_scopes_and_expires(ask, admin, admits, clock) -> None:
    answer = create(ask, api="docs", scopes=["write", "read"], expiresInDays=90)

    assert answer.body["scopes"] == ["read", "write"]
    assert answer.body["secret"].startswith("mint_")
    clock.advance(90 * DAY - 1)
    assert admits(answer.body["secret"], "docs")
    clock.advance(1)
    assert not admits(answer.body["secret"], "docs")


@pytest.mark.parametrize(("agents", "scopes"), [("*", ["*"]), ([AGENT.upper()], [AGENT])])
def test_worker_key_is_for_its_agents(ask, admin, admits, agents, scopes) -> None:
    answer = create(ask, api="workers", agents=agents)

    assert answer.body["scopes"] == scopes
    assert answer.body["prefix"] == f"worker_{answer.body['id']}"
    assert admits(answer.body["secret"], "workers")


@pytest.mark.parametrize("fields", [
    {"api": "workers"}, {"api": "workers", "agents": []}, {"api": "workers", "agents": ["a"]},
    {"api": "workers", "agents": "all"}, {"api": "workers", "agents": [AGENT] * 51},
    {"api": "admin"}, {"api": "missions"}, {"api": None}, {"name": ""}, {"name": "a" * 65},
    {"name": "\u202eci"}, {"name": "ci\n"}, {"scopes": ["read"]}, {"expiresInDays": 0},
    {"expiresInDays": "90"}, {"expiresInDays": 3651}, {"secret": "mine"},
    {"api": "docs"}, {"api": "docs", "scopes": []}, {"api": "docs", "scopes": ["admin"]},
], ids=str)  # fmt: skip
def test_invalid_key_is_refused(ask, admin, fields) -> None:
    answer = create(ask, **fields)

    assert (answer.status, answer.body["code"]) == (400, "INVALID_REQUEST")
    assert ask("list_keys").body == {"keys": []}


def test_key_of_unknown_tenant_is_not_created(ask, admin) -> None:
    body = json.dumps({"api": "messaging", "name": "ci"})

    answer = ask("create_key", pathParameters={"tenant": "quay"}, body=body)

    assert (answer.status, answer.body["code"]) == (404, "TENANT_NOT_FOUND")


def test_repeated_create_returns_the_key_without_its_secret(ask, admin) -> None:
    first = create(ask, {"Idempotency-Key": "once"})

    second = create(ask, {"Idempotency-Key": "once"})

    assert (second.status, "secret" in second.body) == (200, False)
    assert second.body["id"] == first.body["id"]
    assert len(ask("list_keys").body["keys"]) == 1


@pytest.mark.parametrize("fields", [
    {"name": "other"}, {"expiresInDays": 1}, {"api": "docs", "scopes": ["read"]},
], ids=str)  # fmt: skip
def test_other_create_with_the_same_idempotency_key_is_refused(ask, admin, fields) -> None:
    create(ask, {"Idempotency-Key": "once"})

    answer = create(ask, {"Idempotency-Key": "once"}, **fields)

    assert (answer.status, answer.body["code"]) == (409, "IDEMPOTENCY_CONFLICT")


def test_both_keys_work_until_the_overlap_of_a_rotation_ends(ask, admin, admits, clock) -> None:
    old = create(ask).body
    path = {"tenant": TENANT, "keyId": old["id"]}

    new = ask("rotate_key", pathParameters=path)

    assert (new.status, new.body["name"]) == (201, "ci")
    clock.advance(HOUR - 1)
    assert (admits(old["secret"]), admits(new.body["secret"])) == (True, True)
    clock.advance(1)
    assert (admits(old["secret"]), admits(new.body["secret"])) == (False, True)
    [listed] = [each for each in ask("list_keys").body["keys"] if each["id"] == old["id"]]
    assert listed["replacedBy"] == new.body["id"]


def test_rotated_key_has_scopes_and_lifetime_of_the_previous_one(ask, admin, clock) -> None:
    old = create(ask, api="docs", scopes=["read"], expiresInDays=90).body
    clock.advance(60 * DAY)

    new = ask("rotate_key", pathParameters={"tenant": TENANT, "keyId": old["id"]}).body

    assert (new["api"], new["scopes"]) == ("docs", ["read"])
    assert (new["createdAt"], new["expiresAt"]) == (
        "2026-03-02T12:00:00.000Z", "2026-05-31T12:00:00.000Z",
    )  # fmt: skip


def test_overlap_does_not_prolong_the_previous_key(ask, admin) -> None:
    admin.add(replace(OLD, expires_at=NOON + 1))

    ask("rotate_key")

    assert admin.registry.find(KEYS, TENANT, KEY_ID).value.expires_at == NOON + 1


def test_key_is_rotated_once(ask, admin) -> None:
    admin.add(OLD)
    new = ask("rotate_key").body

    again = ask("rotate_key")

    assert (again.status, again.body["code"]) == (409, "KEY_ROTATED")
    assert new["id"] in again.body["error"]


def test_repeated_rotation_returns_the_new_key_without_its_secret(ask, admin, event) -> None:
    admin.add(OLD)
    headers = event("admin/rotate_key")["headers"] | {"Idempotency-Key": "once"}
    first = ask("rotate_key", headers=headers)

    second = ask("rotate_key", headers=headers)

    assert (first.status, second.status) == (201, 200)
    assert second.body == {name: it for name, it in first.body.items() if name != "secret"}


def test_expired_key_is_not_rotated(ask, admin) -> None:
    admin.add(replace(OLD, expires_at=NOON))

    answer = ask("rotate_key")

    assert (answer.status, answer.body["code"]) == (409, "KEY_EXPIRED")


@pytest.mark.parametrize("seconds", [-1, 1.5, "60", 30 * 24 * 3600 + 1, None])
def test_invalid_overlap_is_refused(ask, admin, seconds) -> None:
    admin.add(OLD)

    answer = ask("rotate_key", body=json.dumps({"overlapSeconds": seconds}))

    assert (answer.status, answer.body["code"]) == (400, "INVALID_REQUEST")


def test_revoked_key_is_refused(ask, admin, admits) -> None:
    made = create(ask).body
    path = {"tenant": TENANT, "keyId": made["id"]}

    answer = ask("revoke_key", pathParameters=path)

    assert answer.body == {"id": made["id"], "deleted": True}
    assert not admits(made["secret"])
    assert ask("revoke_key", pathParameters=path).status == 404


@pytest.mark.parametrize("name", ["rotate_key", "revoke_key"])
@pytest.mark.parametrize("key_id", ["0" * 12, "A1B2C3D4E5F6", "a" * 2000, "", "\u00fc"])
def test_unknown_key_is_not_found(ask, admin, name, key_id) -> None:
    answer = ask(name, pathParameters={"tenant": TENANT, "keyId": key_id})

    assert (answer.status, answer.body["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("name", ["rotate_key", "revoke_key"])
def test_key_of_other_tenant_is_not_found(ask, admin, name) -> None:
    admin.add(replace(OLD, tenant="quay"))

    assert ask(name).status == 404


def test_key_of_an_earlier_version_is_listed_with_what_is_known(ask, admin) -> None:
    admin.add(OLD)

    assert ask("list_keys").body["keys"] == [
        {"id": KEY_ID, "api": "messaging", "prefix": f"sortie_{KEY_ID}", "scopes": []}
    ]


# ── Keys of operators ───────────────────────────────────────────────────────────


def test_admin_key_opens_the_admin_api_only(ask, admin, admits) -> None:
    answer = ask("create_admin_key")

    assert answer.body["scopes"] == ["admin"]
    assert [each for each in ("messaging", "docs", "missions", "admin")
            if admits(answer.body["secret"], each)] == ["admin"]  # fmt: skip


def test_admin_keys_are_listed_apart_from_those_of_tenants(ask, admin) -> None:
    made = ask("create_admin_key").body
    create(ask)

    listed = ask("list_keys", pathParameters=None, resource="/admin/keys").body["keys"]

    assert [each["id"] for each in listed] == [made["id"]]


def test_admin_key_is_rotated_and_revoked(ask, admin) -> None:
    admin.add(replace(OLD, tenant=OPERATORS, opens="admin", scopes=frozenset({Scope.ADMIN})))

    assert ask("rotate_key", **OF_OPERATORS).body["secret"].startswith("sortie_admin_")
    assert ask("revoke_key", **OF_OPERATORS).status == 200
    assert all("tenant" not in each for each in ask("list_audit", queryStringParameters=None)
               .body["records"])  # fmt: skip
