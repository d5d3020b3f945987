"""GET /v3/shares: the organisation's shares that have not expired."""

from jobs import mission_bootstrap, watch_bootstrap
from jobs.dialects import missions_shares
from jobs.domain.client import Caller, Role
from jobs.http import Request, Response
from jobs.missions_endpoint import missions_endpoint


def list_shares(request: Request, caller: Caller) -> Response:
    found = watch_bootstrap.shares().live(caller.tenant)
    return missions_shares.listed(found, mission_bootstrap.addresses(request).api)


lambda_handler = missions_endpoint(list_shares, role=Role.MANAGER)
