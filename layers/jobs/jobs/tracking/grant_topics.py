"""Authorize an MQTT client: for all topics of an organisation, or for that of one share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from jobs.core.ids import tenant_tag
from jobs.kit.clock import Millis
from jobs.missions.partner import Caller
from jobs.missions.ports import FleetRegistry
from jobs.tracking.grant import Grant
from jobs.tracking.ports import Shares
from jobs.tracking.share import share_id

_CLIENT_PREFIX_LENGTH: Final = 8
"""Characters of a code in the client ids of its viewers. The rest of the code stays secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTopics:
    """`authenticate` returns the caller and expiry of an access token, or raises."""

    authenticate: Callable[[str], tuple[Caller, Millis]]
    registry: FleetRegistry
    shares: Shares
    stack: str

    def __call__(self, credential: str) -> Grant:
        """Return the grant. Raises `ShareNotFoundError`, and the errors of `authenticate`."""
        if "." not in credential:  # so it is no JWT
            share = self.shares.get(share_id(credential))
            return Grant(
                principal=share.id,
                client_prefix=share.code[:_CLIENT_PREFIX_LENGTH],
                topics=(share.topic,),
                until=share.expires_at,
            )
        caller, until = self.authenticate(credential)
        groups = [f"{group.id}/DEVICE/STATUS" for group in self.registry.groups(caller.tenant)]
        jobs = f"*-{tenant_tag(caller.tenant, stack=self.stack)}/JOB/STATUS"
        return Grant(
            principal=caller.client_id,
            client_prefix=caller.client_id,
            topics=(jobs, *groups),
            until=until,
        )
