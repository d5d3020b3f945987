"""POST /v3/auth/token: what of a request is looked at, in which order, and what it is told."""

import json

import pytest

from jobs.auth.authenticate import new_key
from jobs.kit.errors import UnavailableError
from jobs.missions.errors import InvalidClientError
from jobs.missions.partner import AccessToken, Client, Role
from jobs.missions.wiring import wiring as missions
from scripts.wirings import CORES
from tests.fakes.memory_missions import InMemoryRateLimits
from tests.support import Broken

SECRET = "a client's own secret"
GOOD = {"grant_type": "client_credentials", "client_id": "app", "client_secret": SECRET}


class Issuer:
    """Knows one client."""

    def __init__(self) -> None:
        self.asked = 0

    def issue(self, client_id: str, client_secret: str) -> AccessToken:
        self.asked += 1
        if (client_id, client_secret) != ("app", SECRET):
            raise InvalidClientError
        return AccessToken(value="header.claims.signature", expires_in=3600)


@pytest.fixture
def issuer(rewire) -> Issuer:
    made = Issuer()
    rewire(missions, token_issuer=made)
    return made


@pytest.fixture
def ask(world, rewire, event, invoke, issuer):
    """Ask with acme's API key, or with these headers, and with this body."""
    credential, kept = new_key("acme", opens="missions")
    world.registry.put_key(kept)
    world.registry.put_client(Client(id="app", tenant="acme", name="App", role=Role.PILOT))
    limits = InMemoryRateLimits(world.clock)
    rewire(*CORES, rate_limits=limits)

    def ask(body: object = GOOD, **headers: str):
        text = body if isinstance(body, str) else json.dumps(body)
        made = invoke(
            "missions/create_token", headers={"x-api-key": credential} | headers, body=text
        )
        assert made["headers"]["Content-Type"] == "application/json"
        assert made["headers"]["Cache-Control"] == "no-store"
        assert made["headers"]["Access-Control-Allow-Origin"] == "*"
        return made["statusCode"], json.loads(made["body"]), made["headers"]

    return ask


def test_the_key_of_the_event_opens_nothing(invoke, issuer) -> None:
    answer = invoke("missions/create_token")

    assert answer["statusCode"] == 403
    assert json.loads(answer["body"])["error"] == "access_denied"


def test_who_has_a_key_and_a_client_gets_a_token(ask) -> None:
    status, body, _ = ask()

    assert status == 200
    assert body == {
        "access_token": "header.claims.signature",
        "token_type": "Bearer",
        "expires_in": 3600,
    }


@pytest.mark.parametrize("header", ["X-API-Key", "x-api-key", "X-Api-Key"])
def test_the_key_is_found_however_its_header_is_spelled(world, ask, header) -> None:
    credential, kept = new_key("acme", opens="missions")
    world.registry.put_key(kept)

    assert ask(**{"x-api-key": credential})[0] == 200


@pytest.mark.parametrize("body", [GOOD, "{", {}, {**GOOD, "grant_type": "password"}], ids=str)
@pytest.mark.parametrize("key", ["", "wrong", f"sortie_{'0' * 12}_{'A' * 43}"])
def test_without_the_right_api_key_nothing_else_is_looked_at(ask, issuer, key, body) -> None:
    status, said, _ = ask(body, **{"x-api-key": key})

    assert (status, said["error"]) == (403, "access_denied")
    assert said.keys() == {"error", "error_description"}
    assert issuer.asked == 0


def test_a_messaging_key_does_not_open_missions(world, ask) -> None:
    credential, kept = new_key("acme")
    world.registry.put_key(kept)

    assert ask(**{"x-api-key": credential})[1]["error"] == "access_denied"


@pytest.mark.parametrize("body", [
    "", "{", "null", "[]", '"x"', "{}", "NaN", "[" * 100_000, '{"a": "\\ud800"}',
    {**GOOD, "grant_type": None}, {**GOOD, "grant_type": ""}, {**GOOD, "grant_type": 1},
    {**GOOD, "client_id": None}, {**GOOD, "client_id": ""}, {**GOOD, "client_id": ["app"]},
    {**GOOD, "client_secret": None}, {**GOOD, "client_secret": ""}, {**GOOD, "client_secret": {}},
    {"grant_type": "client_credentials", "client_id": "app"},
    {"client_id": "app", "client_secret": SECRET},
], ids=lambda body: str(body)[:40])  # fmt: skip
def test_what_cannot_be_understood_is_an_invalid_request(ask, issuer, body) -> None:
    status, said, _ = ask(body)

    assert (status, said["error"]) == (400, "invalid_request")
    assert said.keys() == {"error", "error_description"}
    assert issuer.asked == 0


def test_a_body_that_says_it_is_no_json_is_an_invalid_request(ask) -> None:
    assert ask(**{"content-type": "application/x-www-form-urlencoded"})[:2] == (
        400,
        {
            "error": "invalid_request",
            "error_description": "Content-Type must be application/json",
        },
    )


@pytest.mark.parametrize("grant", ["password", "authorization_code", "CLIENT_CREDENTIALS", " "])
def test_another_grant_is_not_supported_whatever_else_is_missing(ask, grant) -> None:
    status, said, _ = ask({"grant_type": grant})

    assert (status, said["error"]) == (400, "unsupported_grant_type")


def test_unknown_foreign_and_wrong_clients_are_told_the_very_same(world, ask) -> None:
    world.registry.put_client(Client(id="spy", tenant="rival", name="Spy", role=Role.MANAGER))

    answers = [
        ask({**GOOD, **wrong})[:2]
        for wrong in ({"client_id": "nobody"}, {"client_id": "spy"}, {"client_secret": "wrong"})
    ]

    assert answers == [answers[0]] * 3
    assert answers[0][0] == 401
    assert answers[0][1]["error"] == "invalid_client"


def test_another_organisations_client_is_not_even_tried(world, ask, issuer) -> None:
    world.registry.put_client(Client(id="spy", tenant="rival", name="Spy", role=Role.MANAGER))

    ask({**GOOD, "client_id": "spy"})

    assert issuer.asked == 0


def test_a_burst_of_a_hundred_is_served_and_no_more_until_two_seconds_have_passed(
    world, ask
) -> None:
    assert [ask()[0] for _ in range(100)] == [200] * 100
    _, _, headers = ask("{", **{"x-api-key": "wrong"})
    assert "X-RateLimit-Limit" not in headers

    status, body, headers = ask()

    assert (status, body["error"], body["code"]) == (429, "slow_down", "RATE_LIMITED")
    assert body["success"] is False
    assert body["error_description"]
    assert headers["X-RateLimit-Limit"] == "100"
    assert headers["X-RateLimit-Remaining"] == "0"
    assert int(headers["X-RateLimit-Reset"]) * 1000 == world.clock() + 2000
    assert headers["Retry-After"] == "2"
    world.clock.advance(2000)
    assert ask()[0] == 200


def test_every_answer_to_a_right_key_says_what_is_left(ask) -> None:
    left = [
        ask(body)[2]["X-RateLimit-Remaining"] for body in (GOOD, "{", {**GOOD, "client_id": "x"})
    ]

    assert left == ["99", "98", "97"]


def test_an_identity_provider_out_of_reach_is_temporarily_unavailable(ask, rewire) -> None:
    rewire(missions, token_issuer=Broken(UnavailableError("no answer")))

    status, body, headers = ask()

    assert (status, body["error"]) == (503, "temporarily_unavailable")
    assert headers["Retry-After"] == "1"


def test_an_unexpected_error_gives_nothing_away(ask, rewire, log) -> None:
    error = RuntimeError("pool eu-central-1_secret is on fire")
    rewire(missions, token_issuer=Broken(error))

    status, body, _ = ask()

    assert (status, body["error"]) == (500, "server_error")
    assert "secret" not in json.dumps(body)
    assert "on fire" in json.dumps(log())


@pytest.mark.parametrize("body", [GOOD, {**GOOD, "client_secret": "wrong secret"}, "{"], ids=str)
def test_neither_secrets_nor_tokens_are_logged(ask, log, body) -> None:
    ask(body)

    logged = json.dumps(log())
    assert log()
    for secret in (SECRET, "wrong secret", "header.claims", "sortie_"):
        assert secret not in logged
