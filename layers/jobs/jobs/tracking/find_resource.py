"""Find a job or device group by its id, which does not show the kind."""

from dataclasses import dataclass

from jobs.core.errors import JobNotFoundError
from jobs.core.ids import parse_uuid
from jobs.core.job import JobRef
from jobs.core.ports import JobRepository
from jobs.missions.errors import DeviceGroupNotFoundError
from jobs.missions.mission import KIND
from jobs.missions.ports import FleetRegistry
from jobs.tracking.errors import ResourceNotFoundError
from jobs.tracking.resource import Resource, ResourceKind, job_resource


@dataclass(frozen=True, slots=True, kw_only=True)
class FindResource:
    repository: JobRepository
    registry: FleetRegistry

    def __call__(self, tenant: str, resource_id: str) -> Resource:
        """Return the resource. Raises `ResourceNotFoundError`, also for another organisation's."""
        if job_id := parse_uuid(resource_id):
            ref = JobRef(tenant=tenant, kind=KIND, id=job_id)
            try:
                self.repository.status_of(ref)
            except JobNotFoundError:
                pass
            else:
                return job_resource(ref)
        try:
            self.registry.group(tenant, resource_id)
        except DeviceGroupNotFoundError as error:
            raise ResourceNotFoundError(resource_id) from error
        return Resource(tenant=tenant, kind=ResourceKind.GROUP, id=resource_id)
