"""GET /v3/jobs/{jobId}: one mission as it is now."""

from jobs import bootstrap
from jobs.dialects import missions, missions_query
from jobs.domain.client import Caller, Role
from jobs.http import Request, Response
from jobs.missions_endpoint import missions_endpoint


def get_job(request: Request, caller: Caller) -> Response:
    return missions.found(bootstrap.get_job()(missions_query.ref_in(request, caller)))


lambda_handler = missions_endpoint(get_job, role=Role.VIEWER)
