"""POST /v3/streams/share: let whoever has a code watch one job or device group, for a while."""

from typing import Final

from jobs import bootstrap, mission_bootstrap, watch_bootstrap
from jobs.dialects import missions_share_request, missions_shares
from jobs.domain.client import Caller, Role
from jobs.domain.limit import Limit
from jobs.http import Request, Response
from jobs.missions_endpoint import missions_endpoint

LIMIT: Final = Limit("share", 30, 60_000)


def create_share(request: Request, caller: Caller) -> Response:
    new = missions_share_request.new_share(request, caller, now=bootstrap.now())
    share = watch_bootstrap.create_share()(new)
    return missions_shares.created(share, mission_bootstrap.addresses(request).api)


lambda_handler = missions_endpoint(create_share, role=Role.MANAGER, limit=LIMIT)
