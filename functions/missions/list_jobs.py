"""GET /v3/jobs: list the organisation's missions, newest first."""

from jobs.kit.http import Request, Response
from jobs.missions.api import query as missions_query
from jobs.missions.api import responses as missions
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.mission import KIND
from jobs.missions.partner import Caller, Role
from jobs.missions.wiring import wiring


def list_jobs(request: Request, caller: Caller) -> Response:
    found = wiring.core.list_jobs(
        caller.tenant,
        KIND,
        limit=missions_query.parse_limit(request),
        statuses=missions_query.parse_statuses(request),
        cursor=request.query("cursor"),
    )
    return missions.list_response(found)


lambda_handler = missions_endpoint(list_jobs, role=Role.VIEWER, needs=lambda: wiring.core.list_jobs)
