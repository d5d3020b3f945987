"""DELETE /v3/jobs/{jobId}: delete a mission that is not in flight."""

from jobs.kit.http import Request, Response
from jobs.missions.api import errors as missions_errors
from jobs.missions.api import query as missions_query
from jobs.missions.api import responses as missions
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.missions.wiring import wiring


def delete_job(request: Request, caller: Caller) -> Response:
    wiring.delete_mission(missions_query.parse_ref(request, caller))
    return missions.deleted_response()


lambda_handler = missions_endpoint(
    delete_job,
    role=Role.PILOT,
    extra_errors=missions_errors.CANNOT_DELETE,
    needs=lambda: wiring.delete_mission,
)
