"""DELETE /admin/tenants/{tenant}/{collection}/{entryId} and …/limits: delete an entry."""

from functools import partial

from jobs import kinds
from jobs.admin.api import query, responses
from jobs.admin.api.endpoint import admin_endpoint
from jobs.admin.audit import Actor
from jobs.admin.wiring import wiring
from jobs.kit.http import Request, Response


def delete_entry(request: Request, actor: Actor) -> Response:
    resource = kinds.resource(query.parse_resource(request, kinds.COLLECTIONS))
    tenant, entry = query.parse_tenant(request), query.parse_entry_id(request, resource.name)
    wiring.manage_entries(kinds.resources()).delete(
        actor, resource, tenant, entry, partial(query.require_match, request)
    )
    return responses.deleted_response(entry)


lambda_handler = admin_endpoint(
    delete_entry, needs=lambda: wiring.manage_entries(kinds.resources())
)
