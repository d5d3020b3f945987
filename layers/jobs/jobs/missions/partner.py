"""Partners' programs: who may do what in which organisation."""

from dataclasses import dataclass, field
from enum import IntEnum


class Role(IntEnum):
    """Each may do all that those before it may."""

    VIEWER = 1
    PILOT = 2
    MANAGER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered program of an organisation's; `id` is the identity provider's name for it."""

    id: str
    tenant: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A client as its token lets it act."""

    tenant: str
    client_id: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What a client shows of itself for `expires_in` seconds."""

    value: str = field(repr=False)
    expires_in: int
