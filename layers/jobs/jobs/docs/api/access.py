"""The documentation agents' API (contract: docs-agents.md): access control."""

import re
from collections.abc import Collection
from typing import Final

from jobs.auth.api_key import Scope

_BEARER: Final = re.compile(r"bearer +(\S+)", re.IGNORECASE)


class ScopeMissingError(Exception):
    """The key is valid but lacks this scope. The caller sees the message."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"This needs a key with the scope {scope}")


def parse_bearer(authorization: str) -> str | None:
    """Return the token of an Authorization header, or None without a bearer token."""
    found = _BEARER.fullmatch(authorization)
    return found and found[1]


def require_scope(scope: Scope, granted: Collection[str]) -> None:
    """Raise `ScopeMissingError` unless the key has this scope."""
    if scope not in granted:
        raise ScopeMissingError(scope)
