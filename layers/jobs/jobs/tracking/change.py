"""Changes of missions, for their watchers."""

from dataclasses import dataclass

from jobs.core.job import Job, JobRef
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.missions.mission import mission_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionChange:
    """One change of a mission's status. `device` has its order, if any."""

    ref: JobRef
    status: JobStatus
    sequence: int
    changed_at: Millis
    device: str | None


def change_of(job: Job) -> MissionChange:
    """Return the last change of a mission."""
    order = mission_of(job).order
    return MissionChange(
        ref=job.ref,
        status=job.status,
        sequence=job.sequence,
        changed_at=job.changed_at,
        device=None if order is None else order.device,
    )
