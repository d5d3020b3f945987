"""PUT /admin/tenants/{tenant}/{collection}/{entryId} and …/limits: create or replace an entry."""

from functools import partial

from jobs import kinds
from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.api.requests import parse_fields
from jobs.admin.audit import Actor
from jobs.admin.errors import IdTakenError
from jobs.admin.wiring import wiring
from jobs.kit.http import BadRequestError, Request, Response
from jobs.messaging.agent import Agent
from jobs.messaging.errors import FunctionRefusedError
from jobs.messaging.wiring import wiring as messaging
from jobs.missions.errors import GroupTakenError
from jobs.missions.wiring import wiring as missions


def put_entry(request: Request, actor: Actor) -> Response:
    resource = kinds.resource(query.parse_resource(request, kinds.COLLECTIONS))
    tenant, entry = query.parse_tenant(request), query.parse_entry_id(request, resource.name)
    value = parse_fields(resource, tenant, entry, request)
    if resource.name == "agents":
        _check_agent(value)
    if resource.name == "device-groups":
        _claim_group(tenant, entry)
    put = wiring.manage_entries(kinds.resources()).put(
        actor, resource, tenant, entry, value, partial(query.require_match, request)
    )
    return responses.put_response(resource, put)


def _check_agent(agent: Agent) -> None:
    try:
        messaging.check_agent(agent)
    except FunctionRefusedError as error:
        raise BadRequestError(str(error)) from error


def _claim_group(tenant: str, group: str) -> None:
    """Claim the id for this stack first: all stacks of an account share its topics."""
    wiring.manage_tenants.get(tenant)
    try:
        missions.claim_group(group)
    except GroupTakenError as error:
        raise IdTakenError("device-groups", group) from error


lambda_handler = admin_endpoint(
    put_entry, needs=lambda: (wiring.manage_entries(kinds.resources()), wiring.manage_tenants)
)
