"""POST /v3/auth/token: the order of its checks, and its responses."""

import json

import pytest

from jobs.auth.authenticate import new_key
from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.kit.errors import UnavailableError
from jobs.missions.errors import InvalidClientError
from jobs.missions.partner import AccessToken, Client, Role
from jobs.missions.wiring import wiring as missions
from scripts.wirings import CORES
from tests.databases import empty_database
from tests.support import Broken

SECRET = "a client's own secret"
GOOD = {"grant_type": "client_credentials", "client_id": "app", "client_secret": SECRET}


class Issuer:
    """An identity provider with one client."""

    def __init__(self) -> None:
        self.calls = 0

    def issue(self, client_id: str, client_secret: str) -> AccessToken:
        self.calls += 1
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
    """Call with acme's API key, or with these headers, and with this body."""
    credential, key = new_key("acme", opens="missions")
    world.registry.put_key(key)
    world.registry.put_client(Client(id="app", tenant="acme", name="App", role=Role.PILOT))
    limits = SqliteRateLimits(empty_database(), world.clock)
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


def test_example_event_with_unknown_key_is_403(invoke, issuer) -> None:
    answer = invoke("missions/create_token")

    assert answer["statusCode"] == 403
    assert json.loads(answer["body"])["error"] == "access_denied"


def test_create_token_with_key_and_client_succeeds(ask) -> None:
    status, body, _ = ask()

    assert status == 200
    assert body == {
        "access_token": "header.claims.signature",
        "token_type": "Bearer",
        "expires_in": 3600,
    }


@pytest.mark.parametrize("header", ["X-API-Key", "x-api-key", "X-Api-Key"])
def test_api_key_header_is_case_insensitive(world, ask, header) -> None:
    credential, key = new_key("acme", opens="missions")
    world.registry.put_key(key)

    assert ask(**{"x-api-key": credential})[0] == 200


@pytest.mark.parametrize("body", [GOOD, "{", {}, {**GOOD, "grant_type": "password"}], ids=str)
@pytest.mark.parametrize("key", ["", "wrong", f"sortie_{'0' * 12}_{'A' * 43}"])
def test_wrong_api_key_is_403_before_other_checks(ask, issuer, key, body) -> None:
    status, answer, _ = ask(body, **{"x-api-key": key})

    assert (status, answer["error"]) == (403, "access_denied")
    assert answer.keys() == {"error", "error_description"}
    assert issuer.calls == 0


def test_messaging_key_is_403(world, ask) -> None:
    credential, key = new_key("acme")
    world.registry.put_key(key)

    assert ask(**{"x-api-key": credential})[1]["error"] == "access_denied"


@pytest.mark.parametrize("body", [
    "", "{", "null", "[]", '"x"', "{}", "NaN", "[" * 100_000, '{"a": "\\ud800"}',
    {**GOOD, "grant_type": None}, {**GOOD, "grant_type": ""}, {**GOOD, "grant_type": 1},
    {**GOOD, "client_id": None}, {**GOOD, "client_id": ""}, {**GOOD, "client_id": ["app"]},
    {**GOOD, "client_secret": None}, {**GOOD, "client_secret": ""}, {**GOOD, "client_secret": {}},
    {"grant_type": "client_credentials", "client_id": "app"},
    {"client_id": "app", "client_secret": SECRET},
], ids=lambda body: str(body)[:40])  # fmt: skip
def test_invalid_body_is_invalid_request(ask, issuer, body) -> None:
    status, answer, _ = ask(body)

    assert (status, answer["error"]) == (400, "invalid_request")
    assert answer.keys() == {"error", "error_description"}
    assert issuer.calls == 0


def test_body_of_other_content_type_is_invalid_request(ask) -> None:
    assert ask(**{"content-type": "application/x-www-form-urlencoded"})[:2] == (
        400,
        {
            "error": "invalid_request",
            "error_description": "Content-Type must be application/json",
        },
    )


@pytest.mark.parametrize("grant", ["password", "authorization_code", "CLIENT_CREDENTIALS", " "])
def test_other_grant_type_is_unsupported_before_other_errors(ask, grant) -> None:
    status, answer, _ = ask({"grant_type": grant})

    assert (status, answer["error"]) == (400, "unsupported_grant_type")


def test_unknown_foreign_and_wrong_clients_get_same_error(world, ask) -> None:
    world.registry.put_client(Client(id="spy", tenant="rival", name="Spy", role=Role.MANAGER))

    answers = [
        ask({**GOOD, **wrong})[:2]
        for wrong in ({"client_id": "nobody"}, {"client_id": "spy"}, {"client_secret": "wrong"})
    ]

    assert answers == [answers[0]] * 3
    assert answers[0][0] == 401
    assert answers[0][1]["error"] == "invalid_client"


def test_client_of_other_organisation_is_not_sent_to_issuer(world, ask, issuer) -> None:
    world.registry.put_client(Client(id="spy", tenant="rival", name="Spy", role=Role.MANAGER))

    ask({**GOOD, "client_id": "spy"})

    assert issuer.calls == 0


def test_token_requests_over_burst_of_100_get_429_for_two_seconds(world, ask) -> None:
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


def test_response_to_valid_key_has_rate_headers(ask) -> None:
    left = [
        ask(body)[2]["X-RateLimit-Remaining"] for body in (GOOD, "{", {**GOOD, "client_id": "x"})
    ]

    assert left == ["99", "98", "97"]


def test_unavailable_issuer_is_temporarily_unavailable(ask, rewire) -> None:
    rewire(missions, token_issuer=Broken(UnavailableError("no answer")))

    status, body, headers = ask()

    assert (status, body["error"]) == (503, "temporarily_unavailable")
    assert headers["Retry-After"] == "1"


def test_unexpected_error_is_server_error_without_details(ask, rewire, log) -> None:
    error = RuntimeError("pool eu-central-1_secret is on fire")
    rewire(missions, token_issuer=Broken(error))

    status, body, _ = ask()

    assert (status, body["error"]) == (500, "server_error")
    assert "secret" not in json.dumps(body)
    assert "on fire" in json.dumps(log())


@pytest.mark.parametrize("body", [GOOD, {**GOOD, "client_secret": "wrong secret"}, "{"], ids=str)
def test_log_contains_neither_secrets_nor_tokens(ask, log, body) -> None:
    ask(body)

    logged = json.dumps(log())
    assert log()
    for secret in (SECRET, "wrong secret", "header.claims", "sortie_"):
        assert secret not in logged
