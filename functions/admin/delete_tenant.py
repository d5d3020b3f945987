"""DELETE /admin/tenants/{tenant}: delete a tenant without entries."""

from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def delete_tenant(request: Request, actor: Actor) -> Response:
    tenant = query.parse_tenant(request)
    wiring.manage_tenants.delete(actor, tenant)
    return responses.deleted_response(tenant)


lambda_handler = admin_endpoint(delete_tenant, needs=lambda: wiring.manage_tenants)
