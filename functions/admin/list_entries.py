"""GET /admin/tenants/{tenant}/{collection}: list entries."""

from jobs import kinds
from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def list_entries(request: Request, actor: Actor) -> Response:
    resource = kinds.resource(query.parse_resource(request, kinds.COLLECTIONS))
    tenant, cursor = query.parse_tenant(request), query.parse_cursor(request)
    return responses.page_response(resource, wiring.registry.page(resource, tenant, cursor))


lambda_handler = admin_endpoint(list_entries, needs=lambda: wiring.registry)
