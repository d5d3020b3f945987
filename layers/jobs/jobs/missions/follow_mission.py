"""Start the follow-up of a change of a mission: a timer, or its settlement."""

from dataclasses import dataclass

from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.missions.mission import mission_of
from jobs.missions.ports import MissionQueue, MissionTimers


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowMission:
    timers: MissionTimers
    queue: MissionQueue

    def __call__(self, job: Job) -> None:
        """`job` is the state after the change, without its request. Idempotent."""
        mission = mission_of(job)
        if job.status is JobStatus.PENDING:
            self.timers.fly(job.ref, due_at=mission.due_at, moves=mission.moves)
        elif job.status.is_terminal and mission.order is not None:
            self.queue.settle(job.ref, mission.order)
