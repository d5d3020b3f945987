"""POST …/partners/{partnerId}/rotate: replace a partner's credentials; both work for a while."""

from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.api.requests import RotateKeyBody, parse
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def rotate_partner(request: Request, actor: Actor) -> Response:
    tenant, partner_id = query.parse_tenant(request), query.parse_partner_id(request)
    body: RotateKeyBody = parse(RotateKeyBody, request.json())
    enrolled = wiring.manage_partners.rotate(
        actor,
        tenant,
        partner_id,
        overlap=body.overlapSeconds * 1000,
        idempotency_key=request.idempotency_key(),
    )
    return responses.enrolled_response(wiring.partners, enrolled)


lambda_handler = admin_endpoint(
    rotate_partner, needs=lambda: (wiring.manage_partners, wiring.partners)
)
