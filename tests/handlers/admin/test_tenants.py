"""Tenants."""

import json

import pytest

from jobs.auth.api_key import ApiKey
from tests.handlers.admin.conftest import KEY_ID, TENANT

NEW = {"id": "quay", "name": "Quay"}


def test_created_tenant_is_listed_and_read(ask, admin) -> None:
    created = ask("create_tenant", body=json.dumps(NEW))

    assert created.status == 201
    assert created.body == {**NEW, "createdAt": "2026-01-01T12:00:00.000Z"}
    assert ask("list_tenants").body["tenants"] == [{"id": TENANT, "name": "Acme"}, created.body]
    assert ask("get_tenant", pathParameters={"tenant": "quay"}).body == created.body


def test_tenant_without_a_name_has_its_id_as_name(ask, admin) -> None:
    assert ask("create_tenant", body='{"id": "quay"}').body["name"] == "quay"


def test_existing_tenant_is_not_created_again(ask, admin) -> None:
    answer = ask("create_tenant")

    assert (answer.status, answer.body["code"]) == (409, "ALREADY_EXISTS")


@pytest.mark.parametrize("body", [
    {}, {"id": "_operators"}, {"id": "Quay"}, {"id": "a" * 64}, {"id": "quay", "name": ""},
    {"id": "quay", "name": "\u202equay"}, {"id": "quay", "keys": []}, {"id": 1}, [], None, "quay",
], ids=str)  # fmt: skip
def test_invalid_tenant_is_refused(ask, admin, body) -> None:
    answer = ask("create_tenant", body=json.dumps(body))

    assert (answer.status, answer.body["code"]) == (400, "INVALID_REQUEST")
    assert admin.registry.records == []


def test_renamed_tenant_has_a_record_of_both_names(ask, admin) -> None:
    answer = ask("rename_tenant", body='{"name": "Acme Ltd"}')

    assert (answer.status, answer.body["name"]) == (200, "Acme Ltd")
    [record] = ask("list_audit").body["records"]
    assert (record["action"], record["before"]["name"], record["after"]["name"]) == (
        "replace", "Acme", "Acme Ltd",
    )  # fmt: skip


def test_unchanged_name_writes_nothing(ask, admin) -> None:
    assert ask("rename_tenant", body='{"name": "Acme"}').status == 200
    assert admin.registry.records == []


def test_empty_tenant_is_deleted(ask, admin) -> None:
    assert ask("delete_tenant").body == {"id": TENANT, "deleted": True}
    assert ask("get_tenant").status == 404


def test_tenant_with_a_key_is_not_deleted(ask, admin) -> None:
    admin.add(ApiKey(id=KEY_ID, tenant=TENANT, sha256=""))

    answer = ask("delete_tenant")

    assert (answer.status, answer.body["code"]) == (409, "IN_USE")
    assert ask("get_tenant").status == 200


@pytest.mark.parametrize("name", ["get_tenant", "rename_tenant", "delete_tenant"])
@pytest.mark.parametrize("tenant", ["quay", "_operators", "a" * 2000, "\u00fc"])
def test_unknown_tenant_is_not_found(ask, admin, name, tenant) -> None:
    answer = ask(name, pathParameters={"tenant": tenant})

    assert (answer.status, answer.body["code"]) == (404, "TENANT_NOT_FOUND")
