"""POST /v3/auth/token on the running stack: gateway, function, registry, identity provider."""

import time

import jwt
import pytest

from jobs.missions.partner import Role
from tests.e2e.api import Api
from tests.e2e.browsers import is_open_to_browsers
from tests.e2e.partners import Partner

SCOPES = ["missions/viewer", "missions/pilot", "missions/manager"]


@pytest.fixture(scope="module")
def partner(make_partner) -> Partner:
    return make_partner()


def unchecked(token: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


@pytest.mark.parametrize("role", Role)
def test_a_token_has_the_scopes_of_its_clients_role_and_lasts_an_hour(make_partner, role) -> None:
    partner = make_partner(role)

    answer = partner.ask_for_token()

    assert answer.status == 200
    assert answer.json.keys() == {"access_token", "token_type", "expires_in"}
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 3600)
    assert answer.headers["cache-control"] == "no-store"
    assert is_open_to_browsers(answer)
    claims = unchecked(answer.json["access_token"])
    assert str(claims["scope"]).split() == SCOPES[:role]
    assert claims["client_id"] == partner.client_id
    assert claims["token_use"] == "access"
    assert int(str(claims["exp"])) - int(str(claims["iat"])) == 3600


def test_the_seeded_partner_gets_one(demo_partner) -> None:
    assert demo_partner.token


@pytest.mark.parametrize("key", [None, "", "wrong", f"sortie_{'0' * 12}_{'A' * 43}"])
def test_the_api_key_is_looked_at_first(partner, key) -> None:
    headers = {} if key is None else {"x-api-key": key}

    answer = Api(partner.base_url, None, "").post("/v3/auth/token", b"{", headers)

    assert (answer.status, answer.json["error"]) == (403, "access_denied")
    assert answer.json.keys() == {"error", "error_description"}
    assert is_open_to_browsers(answer)


def test_keys_of_one_api_do_not_open_the_other(partner, shared_api) -> None:
    assert partner.ask_for_token(**{"x-api-key": shared_api.key}).status == 403
    assert Api(partner.base_url, partner.api_key, "").get("/api/agents").status == 401


@pytest.mark.parametrize(("body", "status", "error"), [
    (b"", 400, "invalid_request"),
    (b"{", 400, "invalid_request"),
    (b"[]", 400, "invalid_request"),
    ({}, 400, "invalid_request"),
    ({"grant_type": "client_credentials"}, 400, "invalid_request"),
    ({"grant_type": "password"}, 400, "unsupported_grant_type"),
], ids=str)  # fmt: skip
def test_what_is_wrong_with_a_request_is_said_as_oauth_does(partner, body, status, error) -> None:
    answer = partner.ask_for_token(body)

    assert (answer.status, answer.json["error"]) == (status, error)
    assert answer.json["error_description"]
    assert int(answer.headers["x-ratelimit-remaining"]) < 100


def test_wrong_secrets_and_other_organisations_clients_are_told_the_same(
    partner, make_partner
) -> None:
    rival = make_partner()

    answers = [
        partner.ask_for_token(partner.grant | wrong)
        for wrong in (
            {"client_secret": "wrong"},
            {"client_secret": "žluť : % + &"},
            {"client_id": "nobody"},
            rival.grant,
        )
    ]

    assert {answer.status for answer in answers} == {401}
    assert {answer.body for answer in answers} == {answers[0].body}
    assert answers[0].json["error"] == "invalid_client"


def test_who_asks_too_often_learns_when_to_come_back(make_partner, cloud) -> None:
    partner = make_partner()
    ends = time.time_ns() // 1_000_000 + 60_000
    key_id = partner.api_key.split("_")[1]
    window = {"taken": {"N": "100"}, "resets_at": {"N": str(ends)}}
    cloud.client("dynamodb").put_item(
        TableName=cloud.stack.outputs["MissionTableName"],
        Item={"PK": {"S": f"LIMIT#{key_id}#token"}, "SK": {"S": "WINDOW"}, **window},
    )

    answer = partner.ask_for_token()

    assert (answer.status, answer.json["error"]) == (429, "slow_down")
    assert answer.headers["x-ratelimit-limit"] == "100"
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert int(answer.headers["x-ratelimit-reset"]) == -(-ends // 1000)
    assert 0 < int(answer.headers["retry-after"]) <= 60
