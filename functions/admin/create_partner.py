"""POST /admin/tenants/{tenant}/partners: create a partner, with credentials that are shown once."""

from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.api.requests import CreatePartnerBody, parse
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def create_partner(request: Request, actor: Actor) -> Response:
    tenant = query.parse_tenant(request)
    body: CreatePartnerBody = parse(CreatePartnerBody, request.json())
    enrolled = wiring.manage_partners.create(
        actor, body.to_partner(tenant), request.idempotency_key()
    )
    return responses.enrolled_response(wiring.partners, enrolled)


lambda_handler = admin_endpoint(
    create_partner, needs=lambda: (wiring.manage_partners, wiring.partners)
)
