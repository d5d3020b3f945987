"""PATCH /v3/jobs/{jobId}: change a mission that waits."""

from jobs import bootstrap, mission_bootstrap
from jobs.dialects import missions, missions_errors, missions_query, missions_request
from jobs.domain.client import Caller, Role
from jobs.http import Request, Response
from jobs.missions_endpoint import missions_endpoint


def update_job(request: Request, caller: Caller) -> Response:
    changes = missions_request.changes(request, now=bootstrap.now())
    ref = missions_query.ref_in(request, caller)
    return missions.updated(mission_bootstrap.amend_job()(ref, changes))


lambda_handler = missions_endpoint(
    update_job, role=Role.PILOT, too_late=missions_errors.CANNOT_UPDATE
)
