"""Verifies RS256 signatures: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2.2).

All of it is public: the key, the text and the signature. So it needs no constant time, and no
library of 15 MB. docs/adr/0058 says more.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final, Self

_MIN_BITS: Final = 2048
_MAX_BITS: Final = 4096
_EXPONENT: Final = 65537
_SHA256: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""The DER encoding of SHA-256's DigestInfo, before the digest (RFC 8017, 9.2)."""
_BASE64URL: Final = re.compile("[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Its exponent is the usual one."""

    modulus: int

    @classmethod
    def parse(cls, jwk: Any) -> Self:
        """Parse a key of a JWK set (RFC 7517). Raises `ValueError` for a key of another kind."""
        if not isinstance(jwk, dict) or jwk.get("kty") != "RSA":
            raise ValueError("no RSA key")
        if jwk.get("alg", "RS256") != "RS256" or jwk.get("use", "sig") != "sig":
            raise ValueError("a key for other purposes")
        modulus, exponent = (int.from_bytes(decode(str(jwk.get(name)))) for name in ("n", "e"))
        if not _MIN_BITS <= modulus.bit_length() <= _MAX_BITS or exponent != _EXPONENT:
            raise ValueError("a key of unusual size or exponent")
        return cls(modulus)

    def has_signed(self, text: bytes, signature: bytes) -> bool:
        """Compare the whole encoded message: a parser of it could overlook forged parts."""
        size = (self.modulus.bit_length() + 7) // 8
        number = int.from_bytes(signature)
        if len(signature) != size or number >= self.modulus:
            return False
        digest = _SHA256 + hashlib.sha256(text).digest()
        expected = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
        return pow(number, _EXPONENT, self.modulus).to_bytes(size) == expected


def decode(text: str) -> bytes:
    """Decode base64url without padding (RFC 7515, 2). Raises `ValueError`."""
    if not _BASE64URL.fullmatch(text):
        raise ValueError("no base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
