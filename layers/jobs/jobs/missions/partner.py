"""Clients of partner organisations, their roles and access tokens."""

from dataclasses import dataclass, field
from enum import IntEnum


class Role(IntEnum):
    """Each role includes the permissions of the lower ones."""

    VIEWER = 1
    PILOT = 2
    MANAGER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client of an organisation; `id` is its client id at the identity provider."""

    id: str
    tenant: str
    name: str
    role: Role


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
