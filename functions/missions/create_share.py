"""POST /v3/streams/share: let whoever has a code watch one job or device group, for a while."""

from typing import Final

from jobs.core import wiring as bootstrap
from jobs.core.rate_limit import Limit
from jobs.kit.http import Request, Response
from jobs.missions import wiring as mission_bootstrap
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.tracking import wiring as watch_bootstrap
from jobs.tracking.api import share_request as missions_share_request
from jobs.tracking.api import shares as missions_shares

LIMIT: Final = Limit("share", 30, 60_000)


def create_share(request: Request, caller: Caller) -> Response:
    new = missions_share_request.new_share(request, caller, now=bootstrap.now())
    share = watch_bootstrap.create_share()(new)
    return missions_shares.created(share, mission_bootstrap.addresses(request).api)


lambda_handler = missions_endpoint(create_share, role=Role.MANAGER, limit=LIMIT)
