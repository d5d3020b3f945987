"""POST /v3/jobs/create: ask for a mission to be flown."""

from typing import Final

from jobs.core import wiring as bootstrap
from jobs.core.rate_limit import Limit
from jobs.kit.http import Request, Response
from jobs.missions import wiring as mission_bootstrap
from jobs.missions.api import requests as missions_request
from jobs.missions.api import responses as missions
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.webhooks import wiring as event_bootstrap

LIMIT: Final = Limit("create", 60, 60_000)


def create_job(request: Request, caller: Caller) -> Response:
    new = missions_request.new_mission(
        request, caller, now=bootstrap.now(), loopback=event_bootstrap.to_loopback()
    )
    job = mission_bootstrap.create_mission()(new)
    return missions.created(job, mission_bootstrap.addresses(request))


lambda_handler = missions_endpoint(create_job, role=Role.PILOT, limit=LIMIT)
