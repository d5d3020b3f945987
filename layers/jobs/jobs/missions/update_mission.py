"""Change the name, description, priority or time of a waiting mission."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.core.change_job import change_job
from jobs.core.job import Job, JobRef
from jobs.core.ports import JobRepository
from jobs.kit.clock import Clock
from jobs.missions.mission import apply_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateMission:
    repository: JobRepository
    clock: Clock

    def __call__(self, ref: JobRef, changes: Mapping[str, Any]) -> Job:
        """Set name, description, priority or `scheduled_at`.

        Raises `JobNotFoundError`, `JobStartedError`, `MissionDueError`.
        """

        def step(job: Job) -> Job:
            now = self.clock()
            return apply_changes(job.as_of(now), changes, now=now)

        return change_job(self.repository, ref, step)
