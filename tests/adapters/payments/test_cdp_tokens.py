"""Tokens for Coinbase, checked with PyJWT."""

import base64
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jobs.kit.errors import UnavailableError
from jobs.payments.adapters.cdp_tokens import CdpTokens

NOW = 1_800_000_000
URL = "https://api.cdp.coinbase.com/platform/v2/x402/settle"
KEY = Ed25519PrivateKey.generate()
SEED = KEY.private_bytes_raw()
PUBLIC = KEY.public_key()


def encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.fixture
def token() -> Callable[..., str]:
    def make(secret: Any = None) -> str:
        stored = {"id": "key-1", "privateKey": encode(SEED + PUBLIC.public_bytes_raw())}
        text = secret if isinstance(secret, str) else json.dumps(secret or stored)
        read = {"cdp": text}.__getitem__
        tokens = CdpTokens(SimpleNamespace(read=read), "cdp", lambda: NOW * 1000 + 999)
        [(name, value)] = tokens("POST", URL).items()
        assert (name, value[:7]) == ("Authorization", "Bearer ")
        return value[7:]

    return make


def claims(token: str) -> dict[str, Any]:
    timeless = {"verify_exp": False, "verify_nbf": False}
    return jwt.decode(token, PUBLIC, algorithms=["EdDSA"], options=timeless)


def test_token_is_valid_for_one_url_and_two_minutes(token) -> None:
    assert claims(token()) == {
        "sub": "key-1",
        "iss": "cdp",
        "nbf": NOW,
        "exp": NOW + 120,
        "uris": ["POST api.cdp.coinbase.com/platform/v2/x402/settle"],
    }


def test_token_has_key_id_and_fresh_nonce(token) -> None:
    heads = [jwt.get_unverified_header(token()) for _ in range(2)]

    assert [(each["alg"], each["typ"], each["kid"]) for each in heads] == [
        ("EdDSA", "JWT", "key-1")
    ] * 2
    assert heads[0]["nonce"] != heads[1]["nonce"]


def test_token_with_seed_only_is_signed(token) -> None:
    assert claims(token({"id": "key-1", "privateKey": encode(SEED)}))


@pytest.mark.parametrize(
    "secret",
    [" ", "not JSON", "[]", {"id": "key-1"}, {"privateKey": encode(SEED)},
     {"id": 1, "privateKey": encode(SEED)}, {"id": "key-1", "privateKey": 1},
     {"id": "key-1", "privateKey": "-----BEGIN EC PRIVATE KEY-----"},
     {"id": "key-1", "privateKey": encode(SEED[:31])}],
    ids=["blank", "no JSON", "a list", "no key", "no id", "odd id", "odd key", "PEM", "short"],
)  # fmt: skip
def test_token_with_invalid_key_raises_unavailable_error(token, secret) -> None:
    with pytest.raises(UnavailableError) as error:
        token(secret)

    assert str(error.value) == "the facilitator's key is missing or invalid: set its secret"
    assert error.value.__cause__ is None
