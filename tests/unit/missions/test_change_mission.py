"""Updating, cancelling and deleting missions, by status."""

from dataclasses import replace

import pytest

from jobs.core.errors import JobNotFoundError, JobStartedError
from jobs.core.status import JobStatus
from jobs.missions.cancel_mission import CancelMission
from jobs.missions.delete_mission import DeleteMission
from jobs.missions.errors import MissionDueError
from jobs.missions.mission import mission_of
from jobs.missions.update_mission import UpdateMission
from tests.support import HOUR, NOON

WAITING = ["PENDING", "QUEUED"]
ENDED = ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"]


@pytest.fixture
def stored(repository, a_mission):
    """Store a mission in this status and return it."""

    def store(status: str):
        ended_at = NOON if JobStatus(status).is_terminal else None
        job = a_mission(status=JobStatus(status), ended_at=ended_at)
        repository.add(job)
        return job

    return store


@pytest.fixture
def amend(repository, clock) -> UpdateMission:
    return UpdateMission(repository=repository, clock=clock)


@pytest.fixture
def cancel(repository, clock) -> CancelMission:
    return CancelMission(repository=repository, clock=clock)


@pytest.fixture
def delete(repository, clock) -> DeleteMission:
    return DeleteMission(repository=repository, clock=clock)


@pytest.mark.parametrize("status", WAITING)
def test_update_changes_only_given_fields(amend, repository, clock, stored, status) -> None:
    job = stored(status)
    clock.advance(5)

    amended = amend(job.ref, {"name": "New", "priority": 9})

    wanted = replace(mission_of(job), name="New", priority=9, amended_at=NOON + 5)
    assert repository.get(job.ref) == amended
    assert (amended.status, amended.details) == (job.status, wanted)


@pytest.mark.parametrize("moved_to", [NOON + 3 * HOUR, NOON + 60_000])
def test_pending_mission_moves_with_its_deadline(amend, stored, moved_to) -> None:
    job = stored("PENDING")

    moved = amend(job.ref, {"scheduled_at": moved_to})

    mission = mission_of(moved)
    assert (mission.scheduled_at, mission.due_at, mission.moves) == (moved_to, moved_to, 1)
    assert moved.deadline == moved_to + HOUR


def test_mission_moved_to_the_past_is_due_now(amend, stored, clock) -> None:
    job = stored("PENDING")
    clock.advance(5)

    mission = mission_of(amend(job.ref, {"scheduled_at": NOON - HOUR}))

    assert (mission.scheduled_at, mission.due_at) == (NOON - HOUR, NOON + 5)


def test_queued_mission_cannot_be_moved(amend, repository, stored) -> None:
    job = stored("QUEUED")

    with pytest.raises(MissionDueError):
        amend(job.ref, {"name": "New", "scheduled_at": NOON + HOUR})

    assert repository.get(job.ref) == job


@pytest.mark.parametrize("status", WAITING)
def test_cancel_waiting_mission_ends_it(cancel, repository, clock, stored, status) -> None:
    job = stored(status)
    clock.advance(5)

    cancelled = cancel(job.ref)

    assert repository.get(job.ref) == cancelled
    assert (cancelled.status, cancelled.ended_at) == (JobStatus.CANCELLED, NOON + 5)


@pytest.mark.parametrize("status", ["RUNNING", *ENDED])
def test_change_of_running_or_ended_mission_is_rejected(
    amend, cancel, repository, stored, status
) -> None:
    job = stored(status)

    with pytest.raises(JobStartedError):
        amend(job.ref, {"name": "New"})
    with pytest.raises(JobStartedError):
        cancel(job.ref)

    assert repository.get(job.ref) == job


def test_change_after_deadline_is_rejected(amend, cancel, clock, stored) -> None:
    job = stored("QUEUED")
    clock.advance(HOUR)

    with pytest.raises(JobStartedError):
        amend(job.ref, {"name": "New"})
    with pytest.raises(JobStartedError):
        cancel(job.ref)


def test_change_of_unknown_mission_is_rejected(amend, cancel, a_mission) -> None:
    with pytest.raises(JobNotFoundError):
        amend(a_mission().ref, {"name": "New"})
    with pytest.raises(JobNotFoundError):
        cancel(a_mission().ref)


@pytest.mark.parametrize("status", WAITING + ENDED)
def test_delete_mission_not_in_flight_removes_it(delete, repository, stored, status) -> None:
    job = stored(status)

    delete(job.ref)

    with pytest.raises(JobNotFoundError):
        repository.get(job.ref)
    ends = [change.status for change in repository.changes if change.status]
    assert ends[-1] == (JobStatus.CANCELLED if status in WAITING else status)


def test_delete_mission_in_flight_is_rejected(delete, repository, stored) -> None:
    job = stored("RUNNING")

    with pytest.raises(JobStartedError):
        delete(job.ref)

    assert repository.get(job.ref) == job
