"""The missions API (contract: missions.md): authentication, roles and versions."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from jobs.missions.partner import SCOPES, Caller, Client, Role

VERSION: Final = "3"
_VERSIONED: Final = re.compile(r"application/vnd\.idi-fly\.api-v([^+;\s]*)\+json")
_ACCEPTABLE: Final = {
    f"application/vnd.idi-fly.api-v{VERSION}+json", "application/json", "application/*", "*/*",
}  # fmt: skip


class InvalidTokenError(Exception):
    """The token belongs to no registered client, or not any more."""


class ForbiddenError(Exception):
    """The caller's role is too low; the message names the required one."""

    def __init__(self, role: Role) -> None:
        super().__init__(f"This needs the role {role.name}")


class UnsupportedVersionError(Exception):
    """The caller accepts only other versions of this API."""


def identify_caller(claims: Mapping[str, str], find: Callable[[str], Client | None]) -> Caller:
    """Return the client of a token's claims. Raises `InvalidTokenError`.

    A token without a role of this API belongs to another application of the user pool.
    """
    client_id = claims.get("client_id")
    client = find(client_id) if client_id and claims.get("token_use") == "access" else None
    granted = claims.get("scope", "").split()
    roles = [role for role, scope in SCOPES.items() if scope in granted]
    if client is None or not roles:
        raise InvalidTokenError
    return Caller(tenant=client.tenant, client_id=client.id, role=max(roles))


def require_role(role: Role, caller: Caller) -> None:
    """Raise `ForbiddenError` if the caller's role is lower."""
    if caller.role < role:
        raise ForbiddenError(role)


def require_supported_version(accept: str | None) -> None:
    """Raise `UnsupportedVersionError` if `Accept` names only other versions.

    Media ranges without a version are ignored.
    """
    wanted = set(_parse_accept(accept or ""))
    others = [kind for kind in wanted if _VERSIONED.fullmatch(kind)]
    if others and not wanted & _ACCEPTABLE:
        raise UnsupportedVersionError


def _parse_accept(accept: str) -> Iterator[str]:
    """Yield the media ranges in lower case, without those of quality 0 (RFC 9110, 12.5.1)."""
    for each in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in each.split(";"))
        if not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", part) for part in parameters):
            yield kind
