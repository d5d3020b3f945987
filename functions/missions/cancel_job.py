"""POST /v3/jobs/{jobId}/cancel: cancel a waiting mission."""

from jobs.kit.http import Request, Response
from jobs.missions.api import errors as missions_errors
from jobs.missions.api import query as missions_query
from jobs.missions.api import responses as missions
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.missions.wiring import wiring


def cancel_job(request: Request, caller: Caller) -> Response:
    ref = missions_query.parse_ref(request, caller)
    return missions.cancelled_response(wiring.cancel_mission(ref))


lambda_handler = missions_endpoint(
    cancel_job,
    role=Role.PILOT,
    extra_errors=missions_errors.CANNOT_CANCEL,
    needs=lambda: wiring.cancel_mission,
)
