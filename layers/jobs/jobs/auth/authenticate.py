"""API keys: `<prefix>_<key id>_<secret>`. Only their SHA-256 is stored."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from jobs.auth.api_key import ApiKey, Scope
from jobs.auth.ports import ApiKeys
from jobs.kit.clock import Clock, Millis

_SHAPE: Final = re.compile(r"(?:sortie|mint)_(?P<id>[a-f0-9]{12})_[A-Za-z0-9_-]{43}")
_UNKNOWN_KEY: Final = ApiKey(id="", tenant="", sha256="0" * 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate:
    keys: ApiKeys
    clock: Clock

    def __call__(self, credential: str, *, opens: str) -> ApiKey | None:
        """Return the credential's key, or None if it is unknown, expired or of another API."""
        shape = _SHAPE.fullmatch(credential)
        if not shape:
            return None
        key = self.keys.key(shape["id"]) or _UNKNOWN_KEY
        right = hmac.compare_digest(key.sha256, _hash(credential))
        return key if right and key.opens == opens and key.is_valid(self.clock()) else None


def new_key(
    tenant: str,
    *,
    opens: str = "messaging",
    scopes: Collection[Scope] = (),
    expires_at: Millis | None = None,
) -> tuple[str, ApiKey]:
    """Return a new credential, to be shown once, and the key to store."""
    key_id = secrets.token_hex(6)
    prefix = "mint" if opens == "docs" else "sortie"  # existing clients require this prefix
    credential = f"{prefix}_{key_id}_{secrets.token_urlsafe(32)}"
    return credential, ApiKey(
        id=key_id,
        tenant=tenant,
        sha256=_hash(credential),
        opens=opens,
        scopes=frozenset(scopes),
        expires_at=expires_at,
    )


def _hash(credential: str) -> str:
    return hashlib.sha256(credential.encode()).hexdigest()
