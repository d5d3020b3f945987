"""POST /v3/streams/share: create a share of a job or device group."""

from typing import Final

from jobs.core.rate_limit import Limit
from jobs.kit.http import Request, Response
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.tracking.api import share_request as missions_share_request
from jobs.tracking.api import shares as missions_shares
from jobs.tracking.api.errors import ERRORS
from jobs.tracking.wiring import wiring

LIMIT: Final = Limit("share", 30, 60_000)


def create_share(request: Request, caller: Caller) -> Response:
    new = missions_share_request.parse_create(request, caller, now=wiring.core.clock())
    share = wiring.create_share(new)
    return missions_shares.created_response(share, wiring.missions.addresses(request).api)


lambda_handler = missions_endpoint(
    create_share,
    role=Role.MANAGER,
    extra_errors=ERRORS,
    limit=LIMIT,
    needs=lambda: (wiring.create_share, missions_share_request.CREATE.rebuild()),
)
