"""How a job is created that an event asks for: by the rules of its dialect, as over HTTP."""

from jobs import bootstrap, docs_bootstrap, event_bootstrap, messaging_creation, mission_bootstrap
from jobs.dialects import docs_request, job_requests, messaging, missions_request
from jobs.dialects.job_requests import Asked, JobRequest
from jobs.dialects.messaging_request import CreateJobBody
from jobs.domain import docs, mission
from jobs.domain.job import Job
from jobs.http import BadRequestError


def create(request: JobRequest) -> Job:
    """Return the job; it may have been asked for before, and have moved on since.

    Raises `BadRequestError`, and what the dialect's use case raises.
    """
    asked = job_requests.checked(request)
    match asked.dialect:
        case messaging.NAME:
            return _message(asked)
        case mission.DIALECT:
            return _mission(asked)
        case docs.DIALECT:
            return _docs_job(asked)
    known = f"{messaging.NAME}, {mission.DIALECT}, {docs.DIALECT}"
    raise BadRequestError(f"dialect must be one of {known}")


def _message(asked: Asked) -> Job:
    body = CreateJobBody.of(asked.request)
    new = messaging_creation.new_job(body, tenant=asked.tenant, key=asked.key)
    return bootstrap.create_job()(new)


def _mission(asked: Asked) -> Job:
    new = missions_request.mission_in(
        asked.request,
        tenant=asked.tenant,
        key=asked.key,
        now=bootstrap.now(),
        loopback=event_bootstrap.to_loopback(),
    )
    return mission_bootstrap.create_mission()(new)


def _docs_job(asked: Asked) -> Job:
    new = docs_request.new_job_of_event(
        asked.request,
        tenant=asked.tenant,
        key=asked.key,
        loopback=event_bootstrap.to_loopback(),
    )
    return docs_bootstrap.create_docs_job()(new)
