"""API keys: `<prefix>_<key id>_<secret>`. Only their SHA-256 is stored."""

import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from jobs.auth.api_key import ADMIN_API, WORKERS_API, ApiKey
from jobs.auth.ports import ApiKeys, KeyUses
from jobs.kit.clock import Clock, Millis

_log: Final = logging.getLogger(__name__)
HOUR_MS: Final[Millis] = 3600_000
_PREFIXES: Final = {"docs": "mint", ADMIN_API: "sortie_admin", WORKERS_API: "worker"}
"""Existing clients require that of docs. The others let a scanner and an authorizer tell keys."""
_SHAPE: Final = re.compile(
    r"(?:sortie|sortie_admin|mint|worker)_(?P<id>[a-f0-9]{12})_[A-Za-z0-9_-]{43}"
)
_UNKNOWN_KEY: Final = ApiKey(id="", tenant="", sha256="0" * 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate:
    keys: ApiKeys
    uses: KeyUses
    clock: Clock

    def __call__(self, credential: str, *, opens: str) -> ApiKey | None:
        """Return the credential's key, or None if it is unknown, expired or of another API."""
        shape = _SHAPE.fullmatch(credential)
        if not shape:
            return None
        key = self.keys.key(shape["id"]) or _UNKNOWN_KEY
        right = hmac.compare_digest(key.sha256, _hash(credential))
        now = self.clock()
        if not (right and key.opens == opens and key.is_valid(now)):
            return None
        self._note_use(key, now - now % HOUR_MS)
        return key

    def _note_use(self, key: ApiKey, hour: Millis) -> None:
        """Write once per key and hour. No failure of the write refuses a request."""
        if key.used_at is not None and key.used_at >= hour:
            return
        try:
            self.uses.note(key.id, hour)
        except Exception:  # noqa: BLE001 - the caller need not care
            _log.warning("the use of key %s is not noted", key.id, exc_info=True)


def new_key(  # noqa: PLR0913 - the fields of a key
    tenant: str,
    *,
    opens: str = "messaging",
    scopes: Collection[str] = (),
    expires_at: Millis | None = None,
    name: str = "",
    created_at: Millis | None = None,
    key_id: str | None = None,
) -> tuple[str, ApiKey]:
    """Return a new credential, to be shown once, and the key to store."""
    key_id = key_id or secrets.token_hex(6)
    key = ApiKey(
        id=key_id,
        tenant=tenant,
        sha256="",
        opens=opens,
        scopes=frozenset(scopes),
        expires_at=expires_at,
        name=name,
        created_at=created_at,
    )
    credential = f"{prefix_of(key)}_{secrets.token_urlsafe(32)}"
    return credential, replace(key, sha256=_hash(credential))


def prefix_of(key: ApiKey) -> str:
    """Return the part of a credential that is no secret."""
    return f"{_PREFIXES.get(key.opens, 'sortie')}_{key.id}"


def _hash(credential: str) -> str:
    return hashlib.sha256(credential.encode()).hexdigest()
