"""Tokens of Coinbase's facilitator: a JWT per request, signed with our Ed25519 key.

Needs pycryptodome: only functions with the payments layer can import this.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from Crypto.Signature import eddsa

from jobs.kit.clock import Clock
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.kit.secrets import SecretReader

_LIFETIME_S: Final = 120
_SEED_BYTES: Final = 32
_KEY_BYTES: Final = (_SEED_BYTES, 2 * _SEED_BYTES)  # Coinbase appends the public half


class CdpTokens:
    """`secret` names `{"id": …, "privateKey": …}`, as Coinbase's portal issues them."""

    def __init__(self, secrets: SecretReader, secret: str, clock: Clock) -> None:
        self._secrets = secrets
        self._secret = secret
        self._clock = clock

    def __call__(self, method: str, url: str) -> Mapping[str, str]:
        """Return the headers of a request. Raises `UnavailableError` without a valid key."""
        key_id, seed = self._key()
        now = self._clock() // 1000
        address = urlsplit(url)
        head = {"alg": "EdDSA", "kid": key_id, "typ": "JWT", "nonce": secrets.token_hex(16)}
        claims = {
            "sub": key_id,
            "iss": "cdp",
            "nbf": now,
            "exp": now + _LIFETIME_S,
            "uris": [f"{method} {address.netloc}{address.path}"],
        }
        signed = f"{_encode(head)}.{_encode(claims)}"
        signer = eddsa.new(eddsa.import_private_key(seed), "rfc8032")
        return {"Authorization": f"Bearer {signed}.{_base64(signer.sign(signed.encode()))}"}

    def _key(self) -> tuple[str, bytes]:
        try:
            key = json.loads(self._secrets.read(self._secret))
            raw = base64.b64decode(key["privateKey"], validate=True)
            key_id = key["id"]
        except (KeyError, TypeError, ValueError, binascii.Error, RefusedError):
            raw, key_id = b"", ""
        if len(raw) not in _KEY_BYTES or not isinstance(key_id, str):
            raise UnavailableError(
                "the facilitator's key is missing or invalid: set its secret"
            ) from None
        return key_id, raw[:_SEED_BYTES]


def _encode(part: Any) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
