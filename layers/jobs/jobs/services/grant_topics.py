"""Which MQTT topics may be followed: all of a partner's own, or one share's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from jobs.domain.client import Caller
from jobs.domain.grant import Grant
from jobs.domain.identity import tenant_tag
from jobs.domain.job import Millis
from jobs.domain.share import share_id
from jobs.mission_ports import FleetRegistry
from jobs.watch_ports import Shares

_PREFIX: Final = 8
"""Characters of a code that its viewers' client ids begin with: enough to tell shares apart, and
far too few to guess the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTopics:
    """`bearer` says whose access token this is and until when, or raises."""

    bearer: Callable[[str], tuple[Caller, Millis]]
    registry: FleetRegistry
    shares: Shares

    def __call__(self, credential: str) -> Grant:
        """Raises `ShareNotFoundError`, and what `bearer` raises."""
        if "." not in credential:  # so it is no JWT
            share = self.shares.get(share_id(credential))
            return Grant(
                principal=share.id,
                client_prefix=share.code[:_PREFIX],
                topics=(share.topic,),
                until=share.expires_at,
            )
        caller, until = self.bearer(credential)
        groups = [f"{group.id}/DEVICE/STATUS" for group in self.registry.groups(caller.tenant)]
        jobs = f"*-{tenant_tag(caller.tenant)}/JOB/STATUS"
        return Grant(
            principal=caller.client_id,
            client_prefix=caller.client_id,
            topics=(jobs, *groups),
            until=until,
        )
