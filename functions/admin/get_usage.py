"""GET /admin/usage: what a tenant, or one of its keys, has used by day."""

from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.api.usage import parse_usage_query, usage_response
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.core.usage import day_of
from jobs.kit.http import Request, Response


def get_usage(request: Request, actor: Actor) -> Response:
    query = parse_usage_query(request, today=day_of(wiring.clock()))
    used = wiring.usage.read(query.tenant, first=query.first, last=query.last, key_id=query.key_id)
    return usage_response(query, used)


lambda_handler = admin_endpoint(get_usage, needs=lambda: wiring.usage)
