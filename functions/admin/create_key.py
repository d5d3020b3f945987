"""POST /admin/tenants/{tenant}/keys: create an API key, shown once."""

from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.api.requests import (
    CreateKeyBody,
    DocsKeyBody,
    MessagingKeyBody,
    WorkerKeyBody,
    parse,
)
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def create_key(request: Request, actor: Actor) -> Response:
    tenant = query.parse_tenant(request)
    body: MessagingKeyBody | DocsKeyBody | WorkerKeyBody = parse(CreateKeyBody, request.json())
    minted = wiring.manage_keys.create(actor, body.to_key(tenant), request.idempotency_key())
    return responses.minted_response(wiring.keys, minted)


lambda_handler = admin_endpoint(create_key, needs=lambda: (wiring.manage_keys, wiring.keys))
