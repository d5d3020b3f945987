"""The missions API (contract: missions.md): responses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from jobs.core.job import Job
from jobs.core.list_jobs import JobList
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.kit.http import Response
from jobs.kit.iso_time import iso
from jobs.missions.api.addresses import Addresses
from jobs.missions.device import DeviceGroup, DeviceState, PlanPage, TrackPoint
from jobs.missions.mission import JOB_PATH, mission_of

if TYPE_CHECKING:
    from jobs.missions.api import types

STATUS_NAMES: Final[Mapping[JobStatus, types.Status]] = {
    JobStatus.PENDING: "PENDING",
    JobStatus.QUEUED: "QUEUED",
    JobStatus.RUNNING: "IN_PROGRESS",
    JobStatus.SUCCEEDED: "COMPLETED",
    JobStatus.FAILED: "FAILED",
    JobStatus.CANCELLED: "CANCELLED",
    JobStatus.TIMED_OUT: "FAILED",
}
_NOT_STARTED: Final = "No device became available in time"
_TIMED_OUT: Final = "Mission exceeded its maximum flight time; outcome unknown"


def created_response(
    job: Job, addresses: Addresses
) -> Response[types.CreateJobResponse | types.LegacyCreateJobResponse]:
    """Return 201, in the style of the request."""
    if job.request.get("legacy"):
        return Response(HTTPStatus.CREATED, _to_legacy_job(job, addresses))
    return Response(HTTPStatus.CREATED, {"success": True, "job": _to_summary(job)})


def _to_legacy_job(job: Job, addresses: Addresses) -> types.LegacyCreateJobResponse:
    return {
        "jobID": job.id,
        "status": STATUS_NAMES[job.status],
        "createdAt": iso(job.created_at),
        "DeviceGroupID": mission_of(job).group,
        "_links": {
            "self": addresses.api + JOB_PATH.format(id=job.id),
            "status_ws": f"{addresses.websocket}?resourceId={job.id}",
            "status_mqtt": f"{job.id}/JOB/STATUS",
        },
    }


def job_response(
    job: Job, track: Sequence[TrackPoint] | None = None
) -> Response[types.GetJobResponse]:
    """Absent values are left out."""
    mission = mission_of(job)
    status, order = STATUS_NAMES[job.status], mission.order
    body: types.Job = {
        "jobId": job.id,
        "name": mission.name,
        "deviceGroupId": mission.group,
        "status": status,
        "priority": mission.priority,
        "createdAt": iso(job.created_at),
        "metadata": job.request["metadata"],
    }
    optional: Mapping[types.OptionalField, str | None] = {
        "description": mission.description,
        "missionId": job.request.get("missionId"),
        "deviceId": order.device if order else mission.device,
        "scheduledAt": _format_time(mission.scheduled_at),
        "updatedAt": _format_time(_updated_at(job)),
        "startedAt": _format_time(mission.started_at),
        "completedAt": _format_time(job.ended_at if status in {"COMPLETED", "FAILED"} else None),
        "cancelledAt": _format_time(job.ended_at if status == "CANCELLED" else None),
        "error": _error_text(job),
        "errorClass": job.failure_class,
    }
    for name, value in optional.items():
        if value is not None:
            body[name] = value
    if waypoints := job.request.get("waypoints"):
        body["waypoints"] = waypoints
    if track is not None:
        body["track"] = [[each.lon, each.lat, each.alt, each.at] for each in track]
    return Response(HTTPStatus.OK, {"success": True, "job": body})


def updated_response(job: Job) -> Response[types.UpdateJobResponse]:
    mission = mission_of(job)
    body: types.UpdatedJob = {
        "jobId": job.id,
        "name": mission.name,
        "status": STATUS_NAMES[job.status],
        "priority": mission.priority,
        "updatedAt": iso(_updated_at(job) or job.created_at),
    }
    if mission.description is not None:
        body["description"] = mission.description
    if mission.scheduled_at is not None:
        body["scheduledAt"] = iso(mission.scheduled_at)
    return Response(HTTPStatus.OK, {"success": True, "job": body})


def cancelled_response(job: Job) -> Response[types.CancelJobResponse]:
    body: types.CancelledJob = {
        "jobId": job.id,
        "status": "CANCELLED",
        "cancelledAt": iso(job.changed_at),
    }
    return Response(HTTPStatus.OK, {"success": True, "job": body})


def deleted_response() -> Response[types.MessageResponse]:
    return Response(HTTPStatus.OK, {"success": True, "message": "Job deleted successfully"})


def list_response(found: JobList) -> Response[types.ListJobsResponse]:
    page: types.ListJobsResponse = {
        "success": True,
        "jobs": [_to_summary(job) for job in found.jobs],
        "count": len(found.jobs),
    }
    if found.cursor:
        page["nextCursor"] = found.cursor
    return Response(HTTPStatus.OK, page)


def resources_response(
    groups: Sequence[DeviceGroup], states: Mapping[str, DeviceState], now: Millis
) -> Response[types.ListResourcesResponse]:
    listed: list[types.Resource] = [
        {
            "deviceGroupId": group.id,
            "name": group.name,
            "description": group.description,
            "deviceCount": len(group.devices),
            "devices": [
                {
                    "deviceId": device.id,
                    "name": device.name,
                    "status": states[device.id].status(now),
                }
                for device in group.devices
            ],
        }
        for group in groups
    ]
    return Response(HTTPStatus.OK, {"success": True, "resources": listed, "count": len(listed)})


def plans_response(found: PlanPage) -> Response[types.ListPlansResponse]:
    listed: list[types.Plan] = [
        {
            "missionId": plan.id,
            "name": plan.name,
            "waypoints": [list(waypoint) for waypoint in plan.waypoints],
        }
        for plan in found.plans
    ]
    page: types.ListPlansResponse = {"success": True, "missions": listed, "count": len(listed)}
    if found.next is not None:
        page["nextCursor"] = found.next
    return Response(HTTPStatus.OK, page)


def _to_summary(job: Job) -> types.JobSummary:
    mission = mission_of(job)
    return {
        "jobId": job.id,
        "name": mission.name,
        "status": STATUS_NAMES[job.status],
        "priority": mission.priority,
        "createdAt": iso(job.created_at),
    }


def _updated_at(job: Job) -> Millis | None:
    """Return the time of the last change, by status or by a caller; None before the first."""
    changes: Iterable[Millis | None] = (
        job.changed_at if job.sequence > 1 else None,
        mission_of(job).amended_at,
    )
    return max((at for at in changes if at is not None), default=None)


def _error_text(job: Job) -> str | None:
    if job.status is not JobStatus.TIMED_OUT:
        return job.error
    return _NOT_STARTED if mission_of(job).started_at is None else _TIMED_OUT


def _format_time(at: Millis | None) -> str | None:
    return None if at is None else iso(at)
