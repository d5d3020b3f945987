"""Signatures of Standard Webhooks 1.0: HMAC-SHA256 of id, timestamp and body."""

import base64
import hmac
from collections.abc import Iterable, Mapping
from secrets import token_bytes
from typing import Final

PREFIX: Final = "whsec_"
_KEY_BYTES: Final = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(token_bytes(_KEY_BYTES)).decode()


def sign(secrets: Iterable[str], *, id: str, timestamp_s: int, body: str) -> Mapping[str, str]:  # noqa: A002 - the standard's name
    """Return the signature headers, with one signature for each secret."""
    content = f"{id}.{timestamp_s}.{body}".encode()
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(f"v1,{_sign_with(secret, content)}" for secret in secrets),
    }


def _sign_with(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, content, "sha256")).decode()
