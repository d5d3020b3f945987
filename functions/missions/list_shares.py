"""GET /v3/shares: the organisation's shares that have not expired."""

from jobs.kit.http import Request, Response
from jobs.missions import wiring as mission_bootstrap
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.tracking import wiring as watch_bootstrap
from jobs.tracking.api import shares as missions_shares


def list_shares(request: Request, caller: Caller) -> Response:
    found = watch_bootstrap.shares().live(caller.tenant)
    return missions_shares.listed(found, mission_bootstrap.addresses(request).api)


lambda_handler = missions_endpoint(list_shares, role=Role.MANAGER)
