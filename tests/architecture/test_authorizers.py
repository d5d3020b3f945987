"""The authorizers of the HTTP API."""

import re

import pytest

from jobs.auth.authenticate import new_key
from jobs.missions.partner import SCOPES


@pytest.fixture(scope="module")
def authorizers(resources):
    return resources["Api"]["Properties"]["Auth"]["Authorizers"]


def test_partner_authorizer_asks_for_scopes_and_so_for_an_access_token(authorizers) -> None:
    assert {*authorizers["Partner"]["AuthorizationScopes"]} == {*SCOPES.values()}


def test_user_pool_grants_exactly_the_scopes_of_the_roles(resources) -> None:
    server = resources["MissionScopes"]["Properties"]
    granted = {f"{server['Identifier']}/{scope['ScopeName']}" for scope in server["Scopes"]}

    assert granted == {*SCOPES.values()}


@pytest.mark.parametrize(("name", "header", "opens", "before"), [
    ("ApiKey", "X-API-Key", "messaging", {""}),
    ("AdminKey", "X-API-Key", "admin", {""}),
    ("DocsKey", "Authorization", "docs", {"Bearer ", "bearer ", "BEARER  "}),
])  # fmt: skip
def test_key_authorizer_gets_whole_keys_of_the_right_shape_only(
    authorizers, name, header, opens, before
) -> None:
    credential, _ = new_key("acme", opens=opens)
    shape = authorizers[name]["Identity"]["ValidationExpression"]

    assert authorizers[name]["FunctionPayloadType"] == "TOKEN"
    assert authorizers[name]["Identity"]["Header"] == header
    tried = {"", " ", "Bearer ", "bearer ", "BEARER  ", "Bearer", "Basic "}
    assert {each for each in tried if re.fullmatch(shape, each + credential)} == before


@pytest.mark.parametrize("mode", ["off", "required"])
def test_authorizer_of_a_mode_that_needs_keys_equals_the_key_authorizer(authorizers, mode) -> None:
    same = authorizers[mode] | {"DisableFunctionDefaultPermissions": None}

    assert same == authorizers["ApiKey"] | {"DisableFunctionDefaultPermissions": None}


def test_payments_mode_has_an_authorizer_of_its_name(authorizers, template) -> None:
    assert {*template["Parameters"]["Payments"]["AllowedValues"]} <= authorizers.keys()


def test_authorizer_that_admits_payers_without_a_key_caches_nothing(authorizers) -> None:
    authorizer = authorizers["instead-of-key"]

    assert authorizer["FunctionPayloadType"] == "REQUEST"
    assert authorizer["Identity"] == {"ReauthorizeEvery": 0}


@pytest.mark.parametrize(("name", "foreign"), [
    ("ApiKey", ["admin", "docs"]), ("AdminKey", ["messaging", "docs"]),
])  # fmt: skip
def test_key_of_another_api_does_not_reach_the_authorizer(authorizers, name, foreign) -> None:
    shape = authorizers[name]["Identity"]["ValidationExpression"]

    assert not [opens for opens in foreign if re.fullmatch(shape, new_key("a", opens=opens)[0])]


@pytest.mark.parametrize("name", ["ApiKey", "AdminKey", "DocsKey"])
def test_revoked_key_is_accepted_for_a_minute_at_most(authorizers, name) -> None:
    assert authorizers[name]["Identity"]["ReauthorizeEvery"] <= 60


def test_authorizer_function_is_called_by_its_alias(authorizers) -> None:
    called = [
        each["FunctionArn"] for name, each in authorizers.items()
        if "FunctionArn" in each and name != "AdminKey"
    ]  # fmt: skip

    assert called
    assert all(each == {"Ref": "AuthorizeApiKeyFunction.Alias"} for each in called)
