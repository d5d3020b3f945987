"""GET /v3/missions: list the missions that the organisation's drones can fly."""

from jobs.kit.http import Request, Response
from jobs.missions.api import query
from jobs.missions.api import responses as missions
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.missions.wiring import wiring


def list_plans(request: Request, caller: Caller) -> Response:
    found = wiring.fleet_registry.list_plans(
        caller.tenant, limit=query.MAX_LIMIT, after=query.parse_plan_cursor(request)
    )
    return missions.plans_response(found)


lambda_handler = missions_endpoint(
    list_plans, role=Role.VIEWER, needs=lambda: wiring.fleet_registry
)
