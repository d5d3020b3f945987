"""The details of a mission, and its state transitions.

A transition returns the changed job, or raises and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from jobs.core.errors import JobStartedError
from jobs.core.job import Job, JobRef
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.missions.device import Place
from jobs.missions.errors import MissionDueError


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A mission's assignment to a device, which may still decline it.

    `fence` is that of the device's lease; `number` distinguishes the orders of
    one job.
    """

    device: str
    fence: int
    number: int
    sent_at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """The small or mutable half of a mission; the other half is the job's request.

    Only `device` may fly the mission, if it is set. `declined` are the devices
    that declined. `start` is the first waypoint, if any. `due_at` is the earliest start; `moves`
    counts how often the caller has moved it. Each move starts a timer of its own.
    """

    name: str
    group: str
    priority: int
    due_at: Millis
    moves: int = 0
    description: str | None = None
    device: str | None = None
    start: Place | None = None
    scheduled_at: Millis | None = None
    order: Order | None = None
    declined: tuple[str, ...] = ()
    started_at: Millis | None = None
    amended_at: Millis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMission:
    """An entry of the index of waiting missions, which may be stale."""

    ref: JobRef
    mission: Mission


KIND: Final = "missions"
JOB_PATH: Final = "/v3/jobs/{id}"
WAITING_STATUSES: Final = frozenset({JobStatus.PENDING, JobStatus.QUEUED})


def mission_of(job: Job) -> Mission:
    """Return the details of a mission. Raises `TypeError` for a job of another kind."""
    if not isinstance(job.details, Mission):
        raise TypeError(f"job {job.id} is not a mission")
    return job.details


def order_id_of(job: Job) -> str | None:
    """Return the id of the job's order; None without an order."""
    order = mission_of(job).order
    return None if order is None else format_order_id(job.id, order)


def format_order_id(job_id: str, order: Order) -> str:
    return f"{job_id}-{order.number}"


def parse_job_id(order_id: str) -> str:
    return order_id[:36]


def waits_for_device(job: Job) -> bool:
    return job.status is JobStatus.QUEUED and mission_of(job).order is None


def require_waiting(job: Job) -> None:
    """Raise `JobStartedError` if the job is running or has ended."""
    if job.status not in WAITING_STATUSES:
        raise JobStartedError(job.id)


def apply_changes(job: Job, changes: Mapping[str, Any], *, now: Millis) -> Job:
    """Change a waiting job: name, description, priority or, while it is PENDING, `scheduled_at`.

    Raises `JobStartedError`, `MissionDueError`.
    """
    require_waiting(job)
    mission = replace(mission_of(job), **changes, amended_at=now)
    if "scheduled_at" not in changes:
        return replace(job, attempt=job.attempt + 1, details=mission)
    if job.status is not JobStatus.PENDING:
        raise MissionDueError(job.id)
    due_at = max(now, changes["scheduled_at"])
    return replace(
        job,
        attempt=job.attempt + 1,
        deadline=job.deadline + due_at - mission.due_at,
        details=replace(mission, due_at=due_at, moves=mission.moves + 1),
    )


def cancel_waiting(job: Job, *, now: Millis) -> Job:
    """Cancel a waiting job. Raises `JobStartedError` once a drone may have taken off."""
    require_waiting(job)
    return job.cancel(now=now)


def assign_order(job: Job, device: str, *, fence: int, now: Millis) -> Job:
    """Assign the mission to a device. Raises `JobStartedError` if it waits for none."""
    if not waits_for_device(job):
        raise JobStartedError(job.id)
    number = job.attempt + 1
    order = Order(device=device, fence=fence, number=number, sent_at=now)
    return replace(job, attempt=number, details=replace(mission_of(job), order=order))


def withdraw_order(job: Job) -> Job:
    """Withdraw the order and record that its device declined. Raises `JobStartedError`."""
    mission = mission_of(job)
    if job.status is not JobStatus.QUEUED or mission.order is None:
        raise JobStartedError(job.id)
    declined = (*mission.declined, mission.order.device)
    mission = replace(mission, order=None, declined=declined)
    return replace(job, attempt=job.attempt + 1, details=mission)


def start_flight(job: Job, *, now: Millis, deadline: Millis) -> Job:
    """Start the flight: from now on a drone may be in the air. Raises `JobEndedError`."""
    mission = replace(mission_of(job), started_at=now)
    return replace(job.start(now=now, deadline=deadline), details=mission)
