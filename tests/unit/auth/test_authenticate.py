"""Authentication by API key, and the stored part of a key."""

from jobs.auth.api_key import Scope
from jobs.auth.authenticate import Authenticate, new_key
from tests.support import HOUR, NOON


def test_only_complete_key_authenticates_its_tenant(registry, clock) -> None:
    credential, key = new_key("acme")
    other, other_key = new_key("rival")
    registry.put_key(key)
    registry.put_key(other_key)
    authenticate = Authenticate(keys=registry, uses=registry, clock=clock)
    swapped = f"{credential[:19]}_{other[20:]}"

    assert authenticate(credential, opens="messaging") == key
    assert authenticate(other, opens="messaging") == other_key
    for wrong in ("", "sortie", credential[:-1], f"{credential}x", credential.upper(), swapped,
                  f" {credential}", f"{credential}\n", new_key("acme")[0], key.sha256):  # fmt: skip
        assert authenticate(wrong, opens="messaging") is None


def test_key_of_another_api_is_refused(registry, clock) -> None:
    credential, key = new_key("acme", opens="missions")
    registry.put_key(key)
    authenticate = Authenticate(keys=registry, uses=registry, clock=clock)

    assert authenticate(credential, opens="missions") == key
    assert authenticate(credential, opens="messaging") is None


def test_docs_key_has_prefix_that_clients_require() -> None:
    credential, key = new_key("acme", opens="docs", scopes=[Scope.READ])

    assert credential.startswith(f"mint_{key.id}_")
    assert key.scopes == {Scope.READ}


def test_key_is_refused_from_its_expiry(registry, clock) -> None:
    credential, key = new_key("acme", opens="docs", expires_at=NOON + HOUR)
    registry.put_key(key)
    authenticate = Authenticate(keys=registry, uses=registry, clock=clock)

    clock.advance(HOUR - 1)
    assert authenticate(credential, opens="docs").id == key.id
    clock.advance(1)
    assert authenticate(credential, opens="docs") is None


def test_use_of_key_is_noted_once_an_hour(registry, clock) -> None:
    credential, key = new_key("acme")
    registry.put_key(key)
    noted = []

    class Uses:
        def note(self, key_id: str, hour: int) -> None:
            noted.append((key_id, hour - NOON))
            registry.note(key_id, hour)

    authenticate = Authenticate(keys=registry, uses=Uses(), clock=clock)
    for minutes in (0, 1, 58, 1, 30):
        clock.advance(minutes * HOUR // 60)
        authenticate(credential, opens="messaging")
        authenticate(f"{credential[:-1]}~", opens="messaging")

    assert noted == [(key.id, 0), (key.id, HOUR)]


def test_stored_key_does_not_contain_credential() -> None:
    credential, key = new_key("acme")

    assert credential[20:] not in f"{key}"
