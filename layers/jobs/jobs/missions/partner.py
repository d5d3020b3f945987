"""Clients of partner organisations, their roles and access tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from jobs.kit.clock import Millis


class Role(IntEnum):
    """Each role includes the permissions of the lower ones."""

    VIEWER = 1
    PILOT = 2
    MANAGER = 3


SCOPES: Final[Mapping[Role, str]] = {
    Role.VIEWER: "missions/viewer",
    Role.PILOT: "missions/pilot",
    Role.MANAGER: "missions/manager",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client of an organisation; `id` is its client id at the identity provider.

    `key_id` is that of the API key for its tokens. Without `expires_at`, the client is valid until
    it is removed. `replaced_by` is the id of the client that a rotation created. Clients of earlier
    versions have no `key_id` and no `created_at`.
    """

    id: str
    tenant: str
    name: str
    role: Role
    key_id: str = ""
    created_at: Millis | None = None
    expires_at: Millis | None = None
    replaced_by: str | None = None

    def is_valid(self, now: Millis) -> bool:
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class AppClient:
    """A new client at the identity provider, with its secret."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated client, with the role of its token."""

    tenant: str
    client_id: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A bearer token, valid for `expires_in` seconds."""

    value: str = field(repr=False)
    expires_in: int
