"""DELETE …/keys/{keyId}: revoke a key."""

from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def revoke_key(request: Request, actor: Actor) -> Response:
    owner, key_id = query.parse_key_owner(request), query.parse_key_id(request)
    wiring.manage_keys.revoke(actor, owner, key_id)
    return responses.deleted_response(key_id)


lambda_handler = admin_endpoint(revoke_key, needs=lambda: wiring.manage_keys)
