"""POST /v3/auth/token on the running stack: gateway, function, registry, identity provider."""

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


def test_token_carries_the_scopes_of_the_clients_role(make_partner) -> None:
    for role in Role:
        partner = make_partner(role)

        answer = partner.ask_for_token()

        assert answer.status == 200
        assert answer.json.keys() == {"access_token", "token_type", "expires_in"}
        assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 3600)
        assert answer.headers["cache-control"] == "no-store"
        assert is_open_to_browsers(answer)
        claims = jwt.decode(answer.json["access_token"], options={"verify_signature": False})
        assert claims["scope"].split() == SCOPES[:role]
        assert claims["client_id"] == partner.client_id
        assert claims["token_use"] == "access"
        assert claims["exp"] - claims["iat"] == 3600


def test_token_request_with_another_apis_key_returns_403(partner, shared_api) -> None:
    without = Api(partner.base_url, None, "").post("/v3/auth/token", b"{")

    assert (without.status, without.json["error"]) == (403, "access_denied")
    assert is_open_to_browsers(without)
    assert partner.ask_for_token(**{"x-api-key": shared_api.key}).status == 403
    assert Api(partner.base_url, partner.api_key, "").get("/api/agents").status == 401


def test_unknown_client_and_wrong_secret_return_the_same_401(partner, make_partner) -> None:
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
