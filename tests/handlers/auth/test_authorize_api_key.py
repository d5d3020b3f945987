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
    """An API key of tenant acme."""
    made, key = new_key("acme")
    world.registry.put_key(key)
    return made


@pytest.fixture
def key_id(credential) -> str:
    return credential[7:19]


@pytest.fixture
def authorize(invoke):
    return lambda **changes: invoke("auth/authorize_api_key", **changes)


def test_key_of_sample_event_is_denied(authorize) -> None:
    assert authorize() == DENIED


def test_key_allows_whole_stage_for_its_tenant(authorize, credential, key_id) -> None:
    assert authorize(authorizationToken=credential) == {
        "principalId": "acme",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{STAGE}/*"}
            ],
        },
        "context": {"tenant": "acme", "keyId": key_id, "scopes": ""},
    }


@pytest.fixture
def docs_credential(world) -> str:
    """A documentation key of tenant acme, valid for an hour."""
    made, key = new_key(
        "acme", opens="docs", scopes={Scope.READ, Scope.WRITE}, expires_at=NOON + HOUR
    )
    world.registry.put_key(key)
    return made


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_docs_key_as_bearer_token_returns_scopes(authorize, docs_credential, scheme) -> None:
    answer = authorize(authorizationToken=f"{scheme} {docs_credential}")

    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert answer["context"] == {
        "tenant": "acme",
        "keyId": docs_credential[5:17],
        "scopes": "read write",
    }


def test_expired_docs_key_is_denied(authorize, docs_credential, clock) -> None:
    clock.advance(HOUR)

    assert authorize(authorizationToken=f"Bearer {docs_credential}") == DENIED


def test_worker_key_as_bearer_token_returns_its_agents(authorize, world) -> None:
    agents = ["55555555-5555-4555-8555-555555555555", "66666666-6666-4666-8666-666666666666"]
    credential, key = new_key("acme", opens="workers", scopes=agents)
    world.registry.put_key(key)

    answer = authorize(authorizationToken=f"Bearer {credential}")

    assert credential.startswith("worker_")
    assert answer["context"] == {"tenant": "acme", "keyId": key.id, "scopes": " ".join(agents)}


def test_worker_key_opens_no_other_api(authorize, world) -> None:
    credential, key = new_key("acme", opens="workers", scopes=["*"])
    world.registry.put_key(key)
    disguised = credential.replace("worker_", "mint_")

    assert authorize(authorizationToken=credential) == DENIED
    assert authorize(authorizationToken=f"Bearer {disguised}") == DENIED


def test_key_in_header_of_other_api_is_denied(authorize, credential, docs_credential) -> None:
    assert authorize(authorizationToken=docs_credential) == DENIED
    assert authorize(authorizationToken=f"Bearer {credential}") == DENIED


@pytest.mark.parametrize("path", ["GET/", "GET/api/agents", "OPTIONS/api/messaging/jobs/a/cancel"])
def test_policy_does_not_depend_on_path(authorize, credential, path) -> None:
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
def test_incomplete_key_is_denied(authorize, credential, spoil) -> None:
    assert authorize(authorizationToken=spoil(credential)) == DENIED


def test_key_is_not_in_response_or_log(authorize, credential, log) -> None:
    for each in (credential, credential[:-1] + "~"):
        answer = authorize(authorizationToken=each)

        assert credential[20:62] not in json.dumps([answer, log()])


def test_authorized_request_notes_the_use_of_its_key(
    authorize, credential, key_id, world, clock
) -> None:
    clock.advance(HOUR + 1)

    authorize(authorizationToken=credential)

    assert world.registry.key(key_id).used_at == NOON + HOUR


def test_failed_note_of_use_refuses_no_request(authorize, credential, rewire, log) -> None:
    rewire(auth, key_uses=Broken(UnavailableError("ThrottlingException")))

    answer = authorize(authorizationToken=credential)

    assert answer["context"]["tenant"] == "acme"


def test_unavailable_registry_does_not_cache_denial(authorize, credential, rewire) -> None:
    rewire(auth, api_keys=Broken(UnavailableError("ThrottlingException")))

    with pytest.raises(UnavailableError):
        authorize(authorizationToken=credential)


# ── With payments in place of keys ────────────────────────────────────


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
def test_request_without_key_is_a_payer(invoke, request_of, headers) -> None:
    answer = invoke("auth/authorize_api_key", request_of(**headers))

    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert answer["context"] == {"tenant": "payers", "scopes": ""}


@pytest.mark.parametrize("name", ["X-API-Key", "x-api-key"])
def test_request_with_key_is_its_tenant(invoke, request_of, credential, name) -> None:
    answer = invoke("auth/authorize_api_key", request_of(**{name: credential}))

    assert answer["context"]["tenant"] == "acme"


@pytest.mark.parametrize("key", ["", " ", "sortie_", "x" * 63])
def test_invalid_key_is_denied_to_payers(invoke, request_of, key) -> None:
    assert invoke("auth/authorize_api_key", request_of(**{"X-API-Key": key})) == DENIED


@pytest.mark.parametrize("scheme", ["", "Bearer ", "bearer  "])
def test_docs_key_in_header_of_messaging_key_is_denied(
    invoke, request_of, docs_credential, scheme
) -> None:
    event = request_of(**{"X-API-Key": scheme + docs_credential})

    assert invoke("auth/authorize_api_key", event) == DENIED
