"""GET /v3/shares: list the organisation's live shares."""

from typing import Final

from jobs.kit.http import Request, Response
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.tracking.api import shares as missions_shares
from jobs.tracking.api.errors import ERRORS
from jobs.tracking.wiring import wiring

MAX_LISTED_SHARES: Final = 1000


def list_shares(request: Request, caller: Caller) -> Response:
    found = wiring.shares.list_live(
        caller.tenant, limit=MAX_LISTED_SHARES, after=missions_shares.parse_cursor(request)
    )
    return missions_shares.list_response(found, wiring.missions.addresses(request).api)


lambda_handler = missions_endpoint(
    list_shares, role=Role.MANAGER, extra_errors=ERRORS, needs=lambda: wiring.shares
)
