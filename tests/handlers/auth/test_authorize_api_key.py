import json

import pytest

from jobs.auth.api_key import Scope
from jobs.auth.authenticate import new_key
from jobs.auth.wiring import wiring as auth
from jobs.kit.errors import UnavailableError
from tests.support import HOUR, NOON, Broken

STAGE = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/dev"
DENIED = {
    "principalId": "nobody",
    "policyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": f"{STAGE}/*"}],
    },
    "context": {},
}


@pytest.fixture
def credential(world) -> str:
    """A key of tenant acme's."""
    made, kept = new_key("acme")
    world.registry.put_key(kept)
    return made


@pytest.fixture
def authorize(invoke):
    return lambda **changes: invoke("auth/authorize_api_key", **changes)


def test_the_key_of_the_event_opens_nothing(authorize) -> None:
    assert authorize() == DENIED


def test_a_key_opens_the_whole_stage_to_its_tenant(authorize, credential) -> None:
    assert authorize(authorizationToken=credential) == {
        "principalId": "acme",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{STAGE}/*"}
            ],
        },
        "context": {"tenant": "acme", "scopes": ""},
    }


@pytest.fixture
def docs_credential(world) -> str:
    """A docs agents' key of tenant acme's that lasts for an hour."""
    made, kept = new_key("acme", opens="docs", scopes=Scope, expires_at=NOON + HOUR)
    world.registry.put_key(kept)
    return made


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_a_docs_agents_key_is_a_bearer_token_and_brings_its_scopes(
    authorize, docs_credential, scheme
) -> None:
    answer = authorize(authorizationToken=f"{scheme} {docs_credential}")

    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert answer["context"] == {"tenant": "acme", "scopes": "read write"}


def test_an_expired_docs_agents_key_opens_nothing(authorize, docs_credential, clock) -> None:
    clock.advance(HOUR)

    assert authorize(authorizationToken=f"Bearer {docs_credential}") == DENIED


def test_a_key_opens_nothing_in_the_other_apis_place(
    authorize, credential, docs_credential
) -> None:
    assert authorize(authorizationToken=docs_credential) == DENIED
    assert authorize(authorizationToken=f"Bearer {credential}") == DENIED


@pytest.mark.parametrize("path", ["GET/", "GET/api/agents", "OPTIONS/api/messaging/jobs/a/cancel"])
def test_the_answer_is_cached_so_it_does_not_depend_on_the_path(
    authorize, credential, path
) -> None:
    first = authorize(authorizationToken=credential)

    assert authorize(authorizationToken=credential, methodArn=f"{STAGE}/{path}") == first


@pytest.mark.parametrize("spoil", [
    lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
    lambda key: key[:20] + key[20:][::-1],
    lambda key: key.replace(key[7:19], "0" * 12),
    lambda key: key[:-1],
    lambda key: key + "A",
    lambda key: key + "\n",
    lambda key: " " + key,
    lambda key: key.upper(),
    lambda key: key.removeprefix("sortie_"),
    lambda key: f"Bearer {key}",
    lambda key: f"{key},{key}",
    lambda _: "",
    lambda _: "sortie__",
    lambda _: "\u00fc" * 63,
])  # fmt: skip
def test_whatever_is_not_the_whole_key_opens_nothing(authorize, credential, spoil) -> None:
    assert authorize(authorizationToken=spoil(credential)) == DENIED


def test_the_key_is_in_no_answer_and_no_log(authorize, credential, log) -> None:
    for each in (credential, credential[:-1] + "~"):
        answer = authorize(authorizationToken=each)

        assert credential[20:62] not in json.dumps([answer, log()])


def test_a_registry_out_of_reach_denies_nobody_for_good(authorize, credential, rewire) -> None:
    rewire(auth, api_keys=Broken(UnavailableError("ThrottlingException")))

    with pytest.raises(UnavailableError):
        authorize(authorizationToken=credential)


# ── Where a payment will do instead of a key ────────────────────────────────────


@pytest.fixture
def request_of():
    def event(**headers: str):
        return {
            "type": "REQUEST",
            "methodArn": f"{STAGE}/POST/api/messaging/jobs",
            "headers": headers,
        }

    return event


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"X-PAYMENT": "e30="}])
def test_whoever_shows_no_key_is_a_payer(invoke, request_of, headers) -> None:
    answer = invoke("auth/authorize_api_key", request_of(**headers))

    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert answer["context"] == {"tenant": "payers", "scopes": ""}


@pytest.mark.parametrize("name", ["X-API-Key", "x-api-key"])
def test_whoever_shows_a_key_is_its_tenant(invoke, request_of, credential, name) -> None:
    answer = invoke("auth/authorize_api_key", request_of(**{name: credential}))

    assert answer["context"]["tenant"] == "acme"


@pytest.mark.parametrize("key", ["", " ", "sortie_", "x" * 63])
def test_a_key_that_is_shown_must_be_one(invoke, request_of, key) -> None:
    assert invoke("auth/authorize_api_key", request_of(**{"X-API-Key": key})) == DENIED
