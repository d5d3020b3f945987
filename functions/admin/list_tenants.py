"""GET /admin/tenants: list tenants."""

from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.audit import Actor
from jobs.admin.tenant import TENANTS
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def list_tenants(request: Request, actor: Actor) -> Response:
    page = wiring.registry.page(TENANTS, "", query.parse_cursor(request))
    return responses.page_response(TENANTS, page)


lambda_handler = admin_endpoint(list_tenants, needs=lambda: wiring.registry)
