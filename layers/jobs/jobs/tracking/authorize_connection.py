"""Authorize a new WebSocket connection, by an access token or a share's code."""

from collections.abc import Callable
from dataclasses import dataclass

from jobs.core.ids import parse_uuid
from jobs.kit.clock import Clock, Millis
from jobs.missions.partner import Caller
from jobs.tracking.connection import Connection
from jobs.tracking.errors import ResourceNotFoundError
from jobs.tracking.find_resource import FindResource
from jobs.tracking.ports import Shares
from jobs.tracking.share import share_id

MAX_CONNECTION_MS: Millis = 2 * 3600 * 1000
"""API Gateway closes every connection after two hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizeConnection:
    """`authenticate` returns the caller and expiry of an access token, or raises."""

    authenticate: Callable[[str], tuple[Caller, Millis]]
    find: FindResource
    shares: Shares
    clock: Clock

    def __call__(self, connection_id: str, token: str, resource_id: str) -> Connection:
        """Return the authorized connection, which is not stored yet.

        Raises `ResourceNotFoundError`, `ShareNotFoundError`, and the errors of `authenticate`.
        """
        latest = self.clock() + MAX_CONNECTION_MS
        if "." in token:  # a JWT; codes have no dot
            caller, until = self.authenticate(token)
            resource = self.find(caller.tenant, resource_id)
            return Connection(id=connection_id, resource=resource, until=min(until, latest))
        share = self.shares.get(share_id(token))
        if not {resource_id, parse_uuid(resource_id)} & {token, share.resource.id}:
            raise ResourceNotFoundError(resource_id)
        return Connection(
            id=connection_id,
            resource=share.resource,
            until=min(share.expires_at, latest),
            share=share.id,
        )
