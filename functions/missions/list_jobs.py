"""GET /v3/jobs: the organisation's missions, newest first."""

from jobs import bootstrap
from jobs.dialects import missions, missions_query
from jobs.domain.client import Caller, Role
from jobs.domain.mission import DIALECT
from jobs.http import Request, Response
from jobs.missions_endpoint import missions_endpoint


def list_jobs(request: Request, caller: Caller) -> Response:
    found = bootstrap.list_jobs()(
        caller.tenant,
        DIALECT,
        limit=missions_query.limit_in(request),
        statuses=missions_query.statuses_in(request),
        cursor=request.query("cursor"),
    )
    return missions.listed(found)


lambda_handler = missions_endpoint(list_jobs, role=Role.VIEWER)
