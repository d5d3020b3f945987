"""Which MQTT topics may be followed: all of a partner's own, or one share's."""

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
"""Characters of a code that its viewers' client ids begin with: enough to tell shares apart, and
far too few to guess the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTopics:
    """`authenticate` says whose access token this is and until when, or raises."""

    authenticate: Callable[[str], tuple[Caller, Millis]]
    registry: FleetRegistry
    shares: Shares

    def __call__(self, credential: str) -> Grant:
        """Raises `ShareNotFoundError`, and what `authenticate` raises."""
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
        jobs = f"*-{tenant_tag(caller.tenant)}/JOB/STATUS"
        return Grant(
            principal=caller.client_id,
            client_prefix=caller.client_id,
            topics=(jobs, *groups),
            until=until,
        )
