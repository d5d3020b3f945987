"""The authorizer of the admin API."""

import pytest

from jobs.auth.api_key import ADMIN_API, OPERATORS, Scope
from jobs.auth.authenticate import new_key
from jobs.auth.wiring import wiring as auth
from jobs.kit.errors import UnavailableError
from tests.support import NOON, Broken

ADMIN_PATHS = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/dev/*/admin/*"


@pytest.fixture
def authorize(invoke, world):
    """Return the authorizer's answer for a key with these properties."""

    def answer(**about):
        credential, key = new_key(
            OPERATORS, **{"opens": ADMIN_API, "scopes": {Scope.ADMIN}, "name": "ops"} | about
        )
        world.registry.put_key(key)
        return key, invoke("auth/authorize_admin_key", authorizationToken=credential)

    return answer


def test_admin_key_opens_the_paths_of_the_admin_api_only(authorize) -> None:
    key, answer = authorize()

    assert answer == {
        "principalId": key.id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": ADMIN_PATHS}
            ],
        },
        "context": {"keyId": key.id, "keyName": "ops", "scopes": "admin"},
    }


@pytest.mark.parametrize("about", [
    {"opens": "messaging"}, {"opens": "docs"}, {"opens": "missions"}, {"expires_at": NOON},
], ids=str)  # fmt: skip
def test_other_key_is_denied(authorize, about) -> None:
    _, answer = authorize(**about)

    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Deny"
    assert answer["context"] == {}


def test_key_of_sample_event_is_denied(invoke) -> None:
    answer = invoke("auth/authorize_admin_key")

    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Deny"


def test_registry_that_does_not_answer_is_an_error(invoke, rewire) -> None:
    rewire(auth, api_keys=Broken(UnavailableError()))

    with pytest.raises(UnavailableError):
        invoke("auth/authorize_admin_key")
