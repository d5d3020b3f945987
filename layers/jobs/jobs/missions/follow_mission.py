"""Each change of a mission's status: what must follow from it."""

from contextlib import suppress
from dataclasses import dataclass

from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.kit.errors import UnavailableError
from jobs.missions.mission import mission_of
from jobs.missions.ports import MissionQueue, MissionTimers, Watchers


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowMission:
    timers: MissionTimers
    queue: MissionQueue
    watchers: Watchers

    def __call__(self, job: Job) -> None:
        """`job` is as it was after the change, without its request. Harmless when repeated."""
        mission = mission_of(job)
        if job.status is JobStatus.PENDING:
            self.timers.fly(job.ref, due_at=mission.due_at)
        elif job.status.is_terminal and mission.order is not None:
            self.queue.settle(job.ref, mission.order)
        with suppress(UnavailableError):  # watchers see the next change; jobs do not wait for them
            self.watchers.changed(job)
