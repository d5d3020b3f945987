"""GET /admin/tenants/{tenant}/keys and GET /admin/keys: list API keys."""

from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def list_keys(request: Request, actor: Actor) -> Response:
    owner = query.parse_key_owner(request)
    page = wiring.registry.page(wiring.keys, owner, query.parse_cursor(request))
    return responses.page_response(wiring.keys, page)


lambda_handler = admin_endpoint(list_keys, needs=lambda: (wiring.registry, wiring.keys))
