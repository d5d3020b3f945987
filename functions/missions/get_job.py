"""GET /v3/jobs/{jobId}: read a mission."""

from jobs.kit.http import Request, Response
from jobs.missions.api import query as missions_query
from jobs.missions.api import responses as missions
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.missions.wiring import wiring


def get_job(request: Request, caller: Caller) -> Response:
    return missions.job_response(wiring.core.get_job(missions_query.parse_ref(request, caller)))


lambda_handler = missions_endpoint(get_job, role=Role.VIEWER)
