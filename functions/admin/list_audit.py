"""GET /admin/audit: list the changes of operators, newest first."""

from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def list_audit(request: Request, actor: Actor) -> Response:
    tenant, cursor = query.parse_tenant_filter(request), query.parse_record_cursor(request)
    return responses.audit_response(wiring.audit_log.page(tenant, cursor))


lambda_handler = admin_endpoint(list_audit, needs=lambda: wiring.audit_log)
