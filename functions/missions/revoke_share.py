"""DELETE /v3/shares/{shareCode}: end a share. The table's stream sees to its connections."""

from jobs import watch_bootstrap
from jobs.dialects import missions_shares
from jobs.domain.client import Caller, Role
from jobs.http import Request, Response
from jobs.missions_endpoint import missions_endpoint


def revoke_share(request: Request, caller: Caller) -> Response:
    share = watch_bootstrap.get_share()(caller.tenant, request.path("shareCode"))
    watch_bootstrap.shares().remove(share.id, share.resource)
    return missions_shares.revoked()


lambda_handler = missions_endpoint(revoke_share, role=Role.MANAGER)
