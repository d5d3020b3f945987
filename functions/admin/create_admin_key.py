"""POST /admin/keys: create a key of the admin API, shown once."""

from jobs.admin.api import responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.api.requests import CreateAdminKeyBody, parse
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def create_admin_key(request: Request, actor: Actor) -> Response:
    body: CreateAdminKeyBody = parse(CreateAdminKeyBody, request.json())
    minted = wiring.manage_keys.create(actor, body.to_key(), request.idempotency_key())
    return responses.minted_response(wiring.keys, minted)


lambda_handler = admin_endpoint(create_admin_key, needs=lambda: (wiring.manage_keys, wiring.keys))
