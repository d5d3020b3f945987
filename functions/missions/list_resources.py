"""GET /v3/resources: list the organisation's device groups, with the status of each device."""

from jobs.kit.http import Request, Response
from jobs.missions.api import responses as missions
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.partner import Caller, Role
from jobs.missions.wiring import wiring


def list_resources(request: Request, caller: Caller) -> Response:
    groups = wiring.fleet_registry.groups(caller.tenant)
    ids = [device.id for group in groups for device in group.devices]
    return missions.resources_response(groups, wiring.fleet.states(ids), wiring.core.clock())


lambda_handler = missions_endpoint(
    list_resources, role=Role.VIEWER, needs=lambda: (wiring.fleet_registry, wiring.fleet)
)
