"""GET /v3/shares/{shareCode}: one share."""

from jobs.kit.http import Request, Response
from jobs.missions import wiring as mission_bootstrap
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.tracking import wiring as watch_bootstrap
from jobs.tracking.api import shares as missions_shares


def get_share(request: Request, caller: Caller) -> Response:
    share = watch_bootstrap.get_share()(caller.tenant, request.path("shareCode"))
    return missions_shares.found(share, mission_bootstrap.addresses(request).api)


lambda_handler = missions_endpoint(get_share, role=Role.MANAGER)
