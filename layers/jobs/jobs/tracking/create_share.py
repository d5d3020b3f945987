"""Create a share: a code that lets viewers watch one job or device group until it expires."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.kit.clock import Clock, Millis
from jobs.missions.ports import FleetRegistry
from jobs.tracking.find_resource import FindResource
from jobs.tracking.ports import Shares
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share, ShareType, new_code


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShare:
    """A create request, independent of its wire format."""

    tenant: str
    resource_id: str
    type: ShareType
    lifetime: Millis
    max_viewers: int | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateShare:
    find: FindResource
    registry: FleetRegistry
    shares: Shares
    clock: Clock

    def __call__(self, new: NewShare) -> Share:
        """Return the new share. Raises `ResourceNotFoundError`, `TooManySharesError`."""
        resource = self.find(new.tenant, new.resource_id)
        now = self.clock()
        share = Share(
            code=new_code(),
            resource=resource,
            type=new.type,
            created_at=now,
            expires_at=now + new.lifetime,
            max_viewers=new.max_viewers,
            metadata=new.metadata,
            devices=self._list_devices(resource),
        )
        self.shares.add(share)
        return share

    def _list_devices(self, resource: Resource) -> tuple[str, ...]:
        if resource.kind is ResourceKind.JOB:  # flown by one device
            return ()
        group = self.registry.group(resource.tenant, resource.id)
        return tuple(device.id for device in group.devices)
