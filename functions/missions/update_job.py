"""PATCH /v3/jobs/{jobId}: update a waiting mission."""

from jobs.kit.http import Request, Response
from jobs.missions.api import bodies as missions_bodies
from jobs.missions.api import errors as missions_errors
from jobs.missions.api import query as missions_query
from jobs.missions.api import requests as missions_request
from jobs.missions.api import responses as missions
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.missions.wiring import wiring


def update_job(request: Request, caller: Caller) -> Response:
    changes = missions_request.parse_update(request, now=wiring.core.clock())
    ref = missions_query.parse_ref(request, caller)
    return missions.updated_response(wiring.update_mission(ref, changes))


lambda_handler = missions_endpoint(
    update_job,
    role=Role.PILOT,
    extra_errors=missions_errors.CANNOT_UPDATE,
    needs=lambda: (wiring.update_mission, missions_bodies.UPDATE.rebuild()),
)
