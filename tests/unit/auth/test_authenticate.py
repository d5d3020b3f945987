"""Who is calling: what a key opens, and what is kept of it."""

from jobs.auth.api_key import Scope
from jobs.auth.authenticate import Authenticate, new_key
from tests.support import HOUR, NOON


def test_a_key_opens_for_its_tenant_only_as_a_whole(registry, clock) -> None:
    credential, key = new_key("acme")
    other, other_key = new_key("rival")
    registry.put_key(key)
    registry.put_key(other_key)
    authenticate = Authenticate(keys=registry, clock=clock)
    swapped = f"{credential[:19]}_{other[20:]}"

    assert authenticate(credential, opens="messaging") == key
    assert authenticate(other, opens="messaging") == other_key
    for wrong in ("", "sortie", credential[:-1], f"{credential}x", credential.upper(), swapped,
                  f" {credential}", f"{credential}\n", new_key("acme")[0], key.sha256):  # fmt: skip
        assert authenticate(wrong, opens="messaging") is None


def test_a_key_opens_one_api_only(registry, clock) -> None:
    credential, key = new_key("acme", opens="missions")
    registry.put_key(key)
    authenticate = Authenticate(keys=registry, clock=clock)

    assert authenticate(credential, opens="missions") == key
    assert authenticate(credential, opens="messaging") is None


def test_a_docs_agents_key_looks_as_its_clients_expect() -> None:
    credential, key = new_key("acme", opens="docs", scopes=[Scope.READ])

    assert credential.startswith(f"mint_{key.id}_")
    assert key.scopes == {Scope.READ}


def test_a_key_opens_until_the_moment_it_expires(registry, clock) -> None:
    credential, key = new_key("acme", opens="docs", expires_at=NOON + HOUR)
    registry.put_key(key)
    authenticate = Authenticate(keys=registry, clock=clock)

    clock.advance(HOUR - 1)
    assert authenticate(credential, opens="docs") == key
    clock.advance(1)
    assert authenticate(credential, opens="docs") is None


def test_what_is_kept_of_a_key_does_not_hold_it() -> None:
    credential, key = new_key("acme")

    assert credential[20:] not in f"{key}"
