"""Advance a mission: queue it when it is due, and assign it a device."""

from dataclasses import dataclass

from jobs.core.change_job import change_job
from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.core.status import JobStatus
from jobs.kit.clock import Clock
from jobs.missions.assign_missions import AssignMissions
from jobs.missions.mission import mission_of, waits_for_device


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMission:
    repository: JobRepository
    clock: Clock
    assign: AssignMissions

    def __call__(self, ref: JobRef) -> JobStatus | None:
        """Return the mission's status after the step, or None if it was deleted.

        Idempotent. If the mission needs no device any more, the free devices go to
        the other missions of its group.
        """
        try:
            job = change_job(self.repository, ref, self._enqueue_if_due)
        except JobNotFoundError:
            return None
        mission = mission_of(job)
        if job.status is JobStatus.QUEUED and mission.order is not None:
            self.assign.send_order(job)
        else:
            self.assign(ref.tenant, mission.group, queued=job if waits_for_device(job) else None)
        return job.status

    def _enqueue_if_due(self, job: Job) -> Job:
        now = self.clock()
        job = job.as_of(now)
        is_due = job.status is JobStatus.PENDING and mission_of(job).due_at <= now
        return job.enqueue(now=now) if is_due else job
