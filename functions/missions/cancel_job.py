"""POST /v3/jobs/{jobId}/cancel: call a mission off while it waits."""

from jobs import mission_bootstrap
from jobs.dialects import missions, missions_errors, missions_query
from jobs.domain.client import Caller, Role
from jobs.http import Request, Response
from jobs.missions_endpoint import missions_endpoint


def cancel_job(request: Request, caller: Caller) -> Response:
    ref = missions_query.ref_in(request, caller)
    return missions.cancelled(mission_bootstrap.cancel_mission()(ref))


lambda_handler = missions_endpoint(
    cancel_job, role=Role.PILOT, too_late=missions_errors.CANNOT_CANCEL
)
