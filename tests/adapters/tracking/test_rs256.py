"""Signatures by RS256: those that `cryptography` accepts, and no other."""

import hashlib
import json
from typing import Any

import jwt
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from jobs.tracking.adapters.rs256 import PublicKey, decode

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SIZE = 256
TEXT = b"header.claims"
DIGEST = hashlib.sha256(TEXT).digest()
OID = bytes.fromhex("0609608648016503040201")


def jwk_of(private: rsa.RSAPrivateKey) -> dict[str, Any]:
    return json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key()))


KEY = PublicKey.parse(jwk_of(PRIVATE))


def der(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def info(algorithm: bytes, digest: bytes = DIGEST) -> bytes:
    return der(0x30, der(0x30, algorithm) + der(0x04, digest))


def padded(content: bytes, *, start: bytes = b"\x00\x01", filler: bytes = b"\xff") -> bytes:
    return start + filler * (SIZE - len(start) - 1 - len(content)) + b"\x00" + content


def seal(message: bytes) -> bytes:
    """Apply the private key to an encoded message, whatever it is."""
    numbers = PRIVATE.private_numbers()
    return pow(int.from_bytes(message), numbers.d, numbers.public_numbers.n).to_bytes(SIZE)


RIGHT = info(OID + b"\x05\x00")
SIGNATURE = seal(padded(RIGHT))
LONG_FORM = bytes.fromhex("308131300d0609608648016503040201050004") + b"\x20" + DIGEST
SHORT = b"\x00\x01" + b"\xff" * 8 + b"\x00" + RIGHT
FORGED = {
    "of another text": seal(padded(info(OID + b"\x05\x00", hashlib.sha256(b"other").digest()))),
    "without a NULL": seal(padded(info(OID))),
    "with other parameters": seal(padded(info(OID + b"\x04\x02ab"))),
    "of another hash": seal(padded(info(OID[:-1] + b"\x02\x05\x00"))),
    "of SHA-1": seal(padded(bytes.fromhex("3021300906052b0e03021a05000414") + DIGEST[:20])),
    "of the digest alone": seal(padded(DIGEST)),
    "length in long form": seal(padded(LONG_FORM)),
    "garbage behind the digest": seal(padded(RIGHT + b"garbage")),
    "short padding, then garbage": seal(SHORT.ljust(SIZE, b"g")),
    "padding of other bytes": seal(padded(RIGHT, filler=b"\xfe")),
    "padding of zeros": seal(padded(RIGHT, filler=b"\x00")),
    "padding for encryption": seal(padded(RIGHT, start=b"\x00\x02")),
    "padding of type 0": seal(padded(RIGHT, start=b"\x00\x00")),
    "no padding": seal(RIGHT.rjust(SIZE, b"\x00")),
    "shifted by a byte": seal(padded(RIGHT)[1:] + b"\x00"),
    "plus the modulus": (int.from_bytes(SIGNATURE) + KEY.modulus).to_bytes(SIZE + 1),
    "with a leading zero": b"\x00" + SIGNATURE,
    "without the last byte": SIGNATURE[:-1],
    "empty": b"",
    "zero": bytes(SIZE),
    "one": (1).to_bytes(SIZE),
    "minus one": (KEY.modulus - 1).to_bytes(SIZE),
    "modulus": KEY.modulus.to_bytes(SIZE),
    "by another padding scheme": PRIVATE.sign(
        TEXT, padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH), SHA256()
    ),
}  # fmt: skip


def accepts(signature: bytes) -> bool:
    """Return the verdict of `cryptography`."""
    try:
        PRIVATE.public_key().verify(signature, TEXT, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def test_signature_is_accepted() -> None:
    assert PRIVATE.sign(TEXT, padding.PKCS1v15(), SHA256()) == SIGNATURE

    assert KEY.has_signed(TEXT, SIGNATURE)


@pytest.mark.parametrize("signature", FORGED.values(), ids=FORGED)
def test_forged_signature_is_refused(signature) -> None:
    assert KEY.has_signed(TEXT, signature) is accepts(signature) is False


@pytest.mark.parametrize("bit", range(0, SIZE * 8, 37))
def test_signature_with_a_changed_bit_is_refused(bit) -> None:
    bent = (int.from_bytes(SIGNATURE) ^ 1 << bit).to_bytes(SIZE)

    assert not KEY.has_signed(TEXT, bent)


@pytest.mark.parametrize("size", [2049, 3072, 4096])
def test_key_of_any_usual_size_verifies(size) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=size)

    signature = private.sign(TEXT, padding.PKCS1v15(), SHA256())

    assert PublicKey.parse(jwk_of(private)).has_signed(TEXT, signature)
    assert not KEY.has_signed(TEXT, signature)


@pytest.mark.parametrize("change", [
    {"kty": "EC"}, {"alg": "RS512"}, {"use": "enc"}, {"e": "Aw"}, {"e": "AQ"}, {"n": "AQAB"},
    {"n": None}, {"e": None}, {"n": "not base64!"}, {"n": "A" * 3000}, {"e": ""},
])  # fmt: skip
def test_key_of_another_kind_is_refused(change) -> None:
    with pytest.raises(ValueError, match=r"key|base64url"):
        PublicKey.parse(jwk_of(PRIVATE) | change)


@pytest.mark.parametrize("text", ["", "=", "YQ==", "YQ=", "a+b/", "a b", "ä", "YQ\n"])
def test_text_that_is_no_base64url_is_refused(text) -> None:
    with pytest.raises(ValueError, match="base64url"):
        decode(text)
