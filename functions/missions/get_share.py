"""GET /v3/shares/{shareCode}: read a share."""

from jobs.kit.http import Request, Response
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.tracking.api import shares as missions_shares
from jobs.tracking.api.errors import ERRORS
from jobs.tracking.wiring import wiring


def get_share(request: Request, caller: Caller) -> Response:
    share = wiring.get_share(caller.tenant, request.path("shareCode"))
    return missions_shares.share_response(share, wiring.missions.addresses(request).api)


lambda_handler = missions_endpoint(
    get_share, role=Role.MANAGER, extra_errors=ERRORS, needs=lambda: wiring.get_share
)
