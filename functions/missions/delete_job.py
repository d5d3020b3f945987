"""DELETE /v3/jobs/{jobId}: remove a mission that is not being flown."""

from jobs import mission_bootstrap
from jobs.dialects import missions, missions_errors, missions_query
from jobs.domain.client import Caller, Role
from jobs.http import Request, Response
from jobs.missions_endpoint import missions_endpoint


def delete_job(request: Request, caller: Caller) -> Response:
    mission_bootstrap.delete_job()(missions_query.ref_in(request, caller))
    return missions.deleted()


lambda_handler = missions_endpoint(
    delete_job, role=Role.PILOT, too_late=missions_errors.CANNOT_DELETE
)
