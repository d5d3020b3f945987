"""Access tokens, checked against the keys that their issuer publishes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from jobs.kit.errors import UnavailableError
from jobs.tracking.adapters.tokens import AccessTokens
from tests.e2e.forgery import FORGERIES

ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE00"
HOUR_S, MINUTE = 3600, 60_000


def key(kid: str) -> tuple[rsa.RSAPrivateKey, dict[str, Any]]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key()))
    return private, public | {"kid": kid, "alg": "RS256", "use": "sig"}


FIRST, SECOND = key("first"), key("second")


class Issuer:
    """Publishes keys, unless `status` is an error; counts requests."""

    def __init__(self) -> None:
        self.keys: list[Any] = [FIRST[1]]
        self.status = 200
        self.text: str | None = None
        self.requests = 0
        self.url = ""

    @contextmanager
    def serving(self) -> Iterator[None]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.requests += 1
                self.send_response(issuer.status)
                self.end_headers()
                text = issuer.text or json.dumps({"keys": issuer.keys})
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_port}/.well-known/jwks.json"
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield
            server.shutdown()
            thread.join()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    with made.serving():
        yield made


@pytest.fixture
def tokens(issuer, clock) -> AccessTokens:
    return AccessTokens(ISSUER, issuer.url, clock)


def token(pair=FIRST, **about: Any) -> str:
    """Sign claims."""
    claims = {"iss": ISSUER, "exp": 2**32, "token_use": "access", "client_id": "app"}
    present = {name: value for name, value in (claims | about).items() if value is not None}
    return jwt.encode(present, pair[0], algorithm="RS256", headers={"kid": pair[1]["kid"]})


def test_claims_of_valid_token_are_returned(tokens) -> None:
    assert tokens.claims(token())["client_id"] == "app"


@pytest.mark.parametrize("about", [
    {"iss": ISSUER + "0"}, {"iss": None}, {"exp": 1}, {"exp": None}, {"nbf": 2**32},
    {"iat": 2**32}, {"exp": str(2**32)}, {"exp": True}, {"nbf": "0"},
])  # fmt: skip
def test_token_of_other_issuer_or_time_has_no_claims(tokens, about) -> None:
    assert tokens.claims(token(**about)) == {}


def test_clocks_may_differ_by_seconds(tokens, clock) -> None:
    now_s = clock() // 1000

    assert tokens.claims(token(nbf=now_s + 5, iat=now_s + 5))
    assert tokens.claims(token(exp=now_s - 4))
    assert tokens.claims(token(exp=now_s - 5)) == tokens.claims(token(nbf=now_s + 6)) == {}


def test_token_with_a_critical_extension_has_no_claims(tokens) -> None:
    extended = {"kid": "first", "crit": ["b64"], "b64": True}

    sent = jwt.encode({"iss": ISSUER, "exp": 2**32}, FIRST[0], "RS256", headers=extended)

    assert tokens.claims(sent) == {}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_forged_token_has_no_claims(tokens, forge) -> None:
    assert tokens.claims(forge(token(), FIRST[1])) == {}


@pytest.mark.parametrize("text", [
    "", ".", "a.b.c", "🚁.🚁.🚁", "e30.e30.", "x" * 100_000, "W10.W10.e30", "e30.e30.e30.e30",
    "W1tb" * 2000 + ".e30.e30",
])  # fmt: skip
def test_malformed_token_has_no_claims(tokens, text) -> None:
    assert tokens.claims(text) == {}


def test_keys_for_other_signatures_are_ignored(tokens, issuer) -> None:
    issuer.keys = [{"kty": "EC", "kid": "curve"}, {**SECOND[1], "alg": "RS512"}, FIRST[1]]

    assert tokens.claims(token())
    assert tokens.claims(token(SECOND)) == {}


def test_keys_are_fetched_once(tokens, issuer, clock) -> None:
    for _ in range(3):
        assert tokens.claims(token())
        clock.advance(MINUTE)

    assert issuer.requests == 1


def test_new_key_is_fetched_within_a_minute(tokens, issuer, clock) -> None:
    tokens.claims(token())
    issuer.keys.append(SECOND[1])
    clock.advance(MINUTE)

    assert tokens.claims(token(SECOND))


def test_unknown_key_is_fetched_once_a_minute(tokens, issuer, clock) -> None:
    tokens.claims(token())

    for _ in range(3):
        assert tokens.claims(token(SECOND)) == {}

    assert issuer.requests == 1


@pytest.mark.parametrize(("status", "text"), [(503, None), (200, "<html>"), (200, "[]")])
def test_invalid_keys_raise_unavailable_error(tokens, issuer, status, text) -> None:
    issuer.status, issuer.text = status, text

    with pytest.raises(UnavailableError):
        tokens.claims(token())

    issuer.status, issuer.text = 200, None
    assert tokens.claims(token())


def test_unreachable_issuer_raises_unavailable_error(clock) -> None:
    with pytest.raises(UnavailableError):
        AccessTokens(ISSUER, "http://127.0.0.1:9/jwks.json", clock).claims(token())
