"""POST /admin/tenants: create a tenant."""

from http import HTTPStatus

from jobs.admin.api import responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.api.requests import CreateTenantBody, parse
from jobs.admin.audit import Actor
from jobs.admin.tenant import TENANTS
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def create_tenant(request: Request, actor: Actor) -> Response:
    body: CreateTenantBody = parse(CreateTenantBody, request.json())
    tenant = wiring.manage_tenants.create(actor, body.id, body.name or body.id)
    return responses.entry_response(TENANTS, tenant, HTTPStatus.CREATED)


lambda_handler = admin_endpoint(create_tenant, needs=lambda: wiring.manage_tenants)
