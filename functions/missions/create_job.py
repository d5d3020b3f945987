"""POST /v3/jobs/create: create a mission."""

from typing import Final

from jobs.core.rate_limit import Limit
from jobs.kit.http import Request, Response
from jobs.missions.api import bodies as missions_bodies
from jobs.missions.api import requests as missions_request
from jobs.missions.api import responses as missions
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.missions.wiring import wiring

LIMIT: Final = Limit("create", 60, 60_000)


def create_job(request: Request, caller: Caller) -> Response:
    new = missions_request.parse_create(
        request, caller, now=wiring.core.clock(), loopback=wiring.core.webhooks_to_loopback
    )
    job = wiring.create_mission(new)
    return missions.created_response(job, wiring.addresses(request))


lambda_handler = missions_endpoint(
    create_job,
    role=Role.PILOT,
    limit=LIMIT,
    needs=lambda: (wiring.create_mission, missions_bodies.CREATE.rebuild()),
)
