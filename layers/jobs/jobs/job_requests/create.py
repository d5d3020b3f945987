"""How a job is created that an event asks for: by the rules of its dialect, as over HTTP."""

from jobs.core import wiring as bootstrap
from jobs.core.job import Job
from jobs.docs import docs_job as docs
from jobs.docs import wiring as docs_bootstrap
from jobs.docs.api import requests as docs_request
from jobs.job_requests import request as job_requests
from jobs.job_requests.request import Asked, JobRequest
from jobs.kit.http import BadRequestError
from jobs.messaging.api import new_job as messaging_creation
from jobs.messaging.api import responses as messaging
from jobs.messaging.api.requests import parse_create_job
from jobs.missions import mission
from jobs.missions import wiring as mission_bootstrap
from jobs.missions.api import requests as missions_request
from jobs.webhooks import wiring as event_bootstrap


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
    body = parse_create_job(asked.request)
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
