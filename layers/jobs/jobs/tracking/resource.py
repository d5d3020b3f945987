"""Resources that can be watched: jobs and device groups."""

from dataclasses import dataclass
from enum import StrEnum

from jobs.core.job import JobRef


class ResourceKind(StrEnum):
    JOB = "JOB"
    GROUP = "GROUP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A job or device group of an organisation."""

    tenant: str
    kind: ResourceKind
    id: str

    @property
    def topic(self) -> str:
        topic_type = "JOB" if self.kind is ResourceKind.JOB else "DEVICE"
        return f"{self.id}/{topic_type}/STATUS"


def job_resource(ref: JobRef) -> Resource:
    return Resource(tenant=ref.tenant, kind=ResourceKind.JOB, id=ref.id)
