"""GET /v3/shares/{shareCode}: one share."""

from jobs import mission_bootstrap, watch_bootstrap
from jobs.dialects import missions_shares
from jobs.domain.client import Caller, Role
from jobs.http import Request, Response
from jobs.missions_endpoint import missions_endpoint


def get_share(request: Request, caller: Caller) -> Response:
    share = watch_bootstrap.get_share()(caller.tenant, request.path("shareCode"))
    return missions_shares.found(share, mission_bootstrap.addresses(request).api)


lambda_handler = missions_endpoint(get_share, role=Role.MANAGER)
