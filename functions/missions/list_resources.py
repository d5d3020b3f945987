"""GET /v3/resources: the organisation's device groups, and what each device is doing."""

from jobs import bootstrap, mission_bootstrap
from jobs.dialects import missions
from jobs.domain.client import Caller, Role
from jobs.http import Request, Response
from jobs.missions_endpoint import missions_endpoint


def list_resources(request: Request, caller: Caller) -> Response:
    groups = mission_bootstrap.fleet_registry().groups(caller.tenant)
    ids = [device.id for group in groups for device in group.devices]
    return missions.resources(groups, mission_bootstrap.fleet().states(ids), bootstrap.now())


lambda_handler = missions_endpoint(list_resources, role=Role.VIEWER)
