"""The documentation agents' API (contract: docs-agents.md): who may use it, and for what."""

import re
from collections.abc import Collection
from typing import Final

from jobs.auth.api_key import Scope

_BEARER: Final = re.compile(r"bearer +(\S+)", re.IGNORECASE)


class ScopeMissingError(Exception):
    """The key is right, but lacks this scope; the message is shown to the caller."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"This needs a key with the scope {scope}")


def bearer_in(authorization: str) -> str | None:
    """Return the credential of an Authorization header, if it is one of a bearer."""
    found = _BEARER.fullmatch(authorization)
    return found and found[1]


def demand(scope: Scope, granted: Collection[str]) -> None:
    """Raise `ScopeMissingError` unless the key has this scope."""
    if scope not in granted:
        raise ScopeMissingError(scope)
