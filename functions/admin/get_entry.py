"""GET /admin/tenants/{tenant}/{collection}/{entryId} and …/limits: get an entry."""

from jobs import kinds
from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def get_entry(request: Request, actor: Actor) -> Response:
    resource = kinds.resource(query.parse_resource(request, kinds.COLLECTIONS))
    tenant, entry = query.parse_tenant(request), query.parse_entry_id(request, resource.name)
    found = wiring.manage_entries([resource]).get(resource, tenant, entry)
    return responses.found_response(resource, found)


lambda_handler = admin_endpoint(get_entry, needs=lambda: wiring.registry)
