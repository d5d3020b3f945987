"""PUT /admin/tenants/{tenant}: give a tenant another name."""

from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.api.requests import RenameTenantBody, parse
from jobs.admin.audit import Actor
from jobs.admin.tenant import TENANTS
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def rename_tenant(request: Request, actor: Actor) -> Response:
    tenant = query.parse_tenant(request)
    body: RenameTenantBody = parse(RenameTenantBody, request.json())
    return responses.entry_response(TENANTS, wiring.manage_tenants.rename(actor, tenant, body.name))


lambda_handler = admin_endpoint(rename_tenant, needs=lambda: wiring.manage_tenants)
