"""Forged access tokens, made from a valid one."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MANAGER: Final = {"scope": "missions/viewer missions/pilot missions/manager"}
OWN_KEY: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)

type Jwk = Mapping[str, Any]


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.get_unverified_header(token), claims


def encode(part: Mapping[str, Any] | bytes) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned(token: str, alg: str) -> str:
    header, claims = parts_of(token)
    return f"{encode(header | {'alg': alg})}.{encode(claims)}."


def with_raised_role(token: str) -> str:
    """Keep a viewer's signature under a manager's claims."""
    header, _, signature = token.split(".")
    _, claims = parts_of(token)
    return f"{header}.{encode(claims | MANAGER)}.{signature}"


def bent(token: str) -> str:
    signature = token.rsplit(".", 1)[1]
    other = "A" if signature[0] != "A" else "B"
    return token.removesuffix(signature) + other + signature[1:]


def with_key_as_secret(token: str, secret: bytes) -> str:
    """Sign by HMAC with the pool's public key as the secret."""
    header, claims = parts_of(token)
    text = f"{encode(header | {'alg': 'HS256'})}.{encode(claims)}"
    return f"{text}.{encode(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def pem(key: Jwk, kind: PublicFormat) -> bytes:
    public = jwt.PyJWK(dict(key)).key
    assert isinstance(public, rsa.RSAPublicKey)
    return public.public_bytes(Encoding.PEM, kind)


def with_own_key(token: str, **header: Any) -> str:
    """Sign with the forger's own key."""
    stolen, claims = parts_of(token)
    return jwt.encode(claims, OWN_KEY, algorithm="RS256", headers=stolen | header)


def own_jwk() -> Jwk:
    return json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(OWN_KEY.public_key()))


FORGERIES: Final[Mapping[str, Callable[[str, Jwk], str]]] = {
    "no signature, alg none": lambda token, _: unsigned(token, "none"),
    "no signature, alg None": lambda token, _: unsigned(token, "None"),
    "no signature, alg RS256": lambda token, _: unsigned(token, "RS256"),
    "claims raised": lambda token, _: with_raised_role(token),
    "signature bent": lambda token, _: bent(token),
    "signature cut": lambda token, _: token[:-8],
    "HS256, SPKI": lambda token, key: with_key_as_secret(
        token, pem(key, PublicFormat.SubjectPublicKeyInfo)
    ),
    "HS256, PKCS 1": lambda token, key: with_key_as_secret(token, pem(key, PublicFormat.PKCS1)),
    "HS256, modulus": lambda token, key: with_key_as_secret(token, str(key["n"]).encode()),
    "HS256, nothing": lambda token, _: with_key_as_secret(token, b""),
    "own key under the pool's id": lambda token, _: with_own_key(token),
    "own key under its own id": lambda token, _: with_own_key(token, kid="mine"),
    "own key in the header": lambda token, _: with_own_key(token, jwk=own_jwk()),
    "two parts": lambda token, _: token.rsplit(".", 1)[0],
    "no parts": lambda *_: "x",
    "three empty parts": lambda *_: "..",
}
