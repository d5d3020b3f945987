"""The life of an API key, from the admin API to messaging."""

import json
from typing import Any
from uuid import uuid4

import pytest

from jobs.auth.authenticate import new_key
from tests.e2e.api import JOBS, Answer, Api

BOTH_WAYS = True


@pytest.fixture(scope="module")
def operator(stack) -> Api:
    return Api(stack.base_url, stack.seeded["admin"]["apiKey"], "")


@pytest.fixture(scope="module")
def tenant(operator) -> str:
    """A new tenant."""
    made = f"t-{uuid4().hex[:12]}"
    assert operator.post("/admin/tenants", {"id": made}).status == 201
    return made


def send(api: Api, method: str, path: str, body: object = None) -> Answer:
    return api.send(method, path, None if body is None else json.dumps(body).encode())


def test_key_lives_from_its_creation_to_its_revocation(stack, operator, tenant) -> None:
    """The gateway caches an authorization for a minute, so each key is used once."""
    keys = f"/admin/tenants/{tenant}/keys"

    def status(key: Any) -> int:
        return Api(stack.base_url, key["secret"], tenant).get(JOBS).status

    created = operator.post(keys, {"api": "messaging", "name": "app"}).json
    kept = operator.post(f"{keys}/{created['id']}/rotate", {}).json
    assert (status(created), status(kept)) == (200, 200)

    last = operator.post(f"{keys}/{kept['id']}/rotate", {"overlapSeconds": 0}).json
    revoked = operator.post(f"{keys}/{last['id']}/rotate", {"overlapSeconds": 0}).json
    assert send(operator, "DELETE", f"{keys}/{revoked['id']}").status == 200
    assert (status(last), status(revoked)) == (401, 401)

    listed = {each["id"]: each for each in operator.get(keys).json["keys"]}
    assert listed.keys() == {created["id"], kept["id"], last["id"]}
    assert "lastUsedAt" in listed[created["id"]]
    changes = operator.get(f"/admin/audit?tenant={tenant}").json["records"]
    assert [each["action"] for each in changes] == ["revoke", *["rotate"] * 3, *["create"] * 2]


def test_key_opens_its_own_api_only(stack, operator, demo) -> None:
    assert operator.get(JOBS).status == 401
    unknown, _ = new_key("_operators", opens="admin")
    for key in (demo.key, unknown, stack.seeded["docsAgents"]["apiKey"], None):
        assert Api(stack.base_url, key, "").get("/admin/tenants").status == 401


def test_admin_key_is_made_used_rotated_and_revoked(stack, operator, tenant) -> None:
    made = operator.post("/admin/keys", {"name": "second"}).json
    second = Api(stack.base_url, made["secret"], "")
    assert send(second, "PUT", f"/admin/tenants/{tenant}", {"name": "Two"}).json["name"] == "Two"
    assert second.get(f"/admin/tenants/{tenant}").json["name"] == "Two"

    rotated = second.post(f"/admin/keys/{made['id']}/rotate", {}).json

    assert made["id"] in [each["id"] for each in second.get("/admin/keys").json["keys"]]
    for each in (made, rotated):
        assert send(operator, "DELETE", f"/admin/keys/{each['id']}").status == 200


def test_tenant_is_deleted_once_it_is_empty(operator) -> None:
    tenant = f"t-{uuid4().hex[:12]}"
    path = f"/admin/tenants/{tenant}"
    operator.post("/admin/tenants", {"id": tenant})
    key = operator.post(f"{path}/keys", {"api": "messaging", "name": "app"}).json["id"]

    assert send(operator, "DELETE", path).error[0] == 409
    send(operator, "DELETE", f"{path}/keys/{key}")
    assert send(operator, "DELETE", path).status == 200
    assert operator.get(path).status == 404
