"""Signatures as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, time and body."""

import base64
import hmac
import secrets
from collections.abc import Iterable, Mapping
from typing import Final

PREFIX: Final = "whsec_"
_KEY_BYTES: Final = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def signed(live: Iterable[str], *, id: str, seconds: int, body: str) -> Mapping[str, str]:  # noqa: A002 - its name
    """Return the headers that prove who sends this, and when: a signature for each live secret."""
    content = f"{id}.{seconds}.{body}".encode()
    return {
        "webhook-id": id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{_signature(secret, content)}" for secret in live),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, content, "sha256")).decode()
