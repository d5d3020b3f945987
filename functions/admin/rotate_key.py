"""POST …/keys/{keyId}/rotate: replace a key; both work for a while."""

from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.api.requests import RotateKeyBody, parse
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def rotate_key(request: Request, actor: Actor) -> Response:
    owner, key_id = query.parse_key_owner(request), query.parse_key_id(request)
    body: RotateKeyBody = parse(RotateKeyBody, request.json())
    minted = wiring.manage_keys.rotate(
        actor,
        owner,
        key_id,
        overlap=body.overlapSeconds * 1000,
        idempotency_key=request.idempotency_key(),
    )
    return responses.minted_response(wiring.keys, minted)


lambda_handler = admin_endpoint(rotate_key, needs=lambda: (wiring.manage_keys, wiring.keys))
