"""GET /admin/tenants/{tenant}: get a tenant."""

from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.audit import Actor
from jobs.admin.tenant import TENANTS
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def get_tenant(request: Request, actor: Actor) -> Response:
    found = wiring.manage_tenants.get(query.parse_tenant(request))
    return responses.entry_response(TENANTS, found.value)


lambda_handler = admin_endpoint(get_tenant, needs=lambda: wiring.manage_tenants)
