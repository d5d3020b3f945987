"""DELETE …/partners/{partnerId}: revoke a partner."""

from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def revoke_partner(request: Request, actor: Actor) -> Response:
    tenant, partner_id = query.parse_tenant(request), query.parse_partner_id(request)
    wiring.manage_partners.revoke(actor, tenant, partner_id)
    return responses.deleted_response(partner_id)


lambda_handler = admin_endpoint(revoke_partner, needs=lambda: wiring.manage_partners)
