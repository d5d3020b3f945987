"""POST /v3/jobs/create: ask for a mission to be flown."""

from typing import Final

from jobs import bootstrap, event_bootstrap, mission_bootstrap
from jobs.dialects import missions, missions_request
from jobs.domain.client import Caller, Role
from jobs.domain.limit import Limit
from jobs.http import Request, Response
from jobs.missions_endpoint import missions_endpoint

LIMIT: Final = Limit("create", 60, 60_000)


def create_job(request: Request, caller: Caller) -> Response:
    new = missions_request.new_mission(
        request, caller, now=bootstrap.now(), loopback=event_bootstrap.to_loopback()
    )
    job = mission_bootstrap.create_mission()(new)
    return missions.created(job, mission_bootstrap.addresses(request))


lambda_handler = missions_endpoint(create_job, role=Role.PILOT, limit=LIMIT)
