"""DELETE /v3/shares/{shareCode}: revoke a share. The table's stream has its connections closed."""

from jobs.kit.http import Request, Response
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.tracking.api import shares as missions_shares
from jobs.tracking.api.errors import ERRORS
from jobs.tracking.wiring import wiring


def revoke_share(request: Request, caller: Caller) -> Response:
    share = wiring.get_share(caller.tenant, request.path("shareCode"))
    wiring.shares.remove(share.id, share.resource)
    return missions_shares.revoked_response()


lambda_handler = missions_endpoint(
    revoke_share,
    role=Role.MANAGER,
    extra_errors=ERRORS,
    needs=lambda: (wiring.get_share, wiring.shares),
)
