"""GET /v1/agent/{projectId}/job/{id}: one session as it is now."""

from jobs.docs import wiring as docs_bootstrap
from jobs.docs.api import query as docs_query
from jobs.docs.api import responses as docs
from jobs.docs.api.endpoint import docs_endpoint
from jobs.kit.http import Request, Response
from jobs.messaging.agent import Scope


def get_job(request: Request) -> Response:
    found = docs_bootstrap.get_docs_job()(
        request.tenant, request.path("projectId"), docs_query.job_id_in(request)
    )
    return docs.found(found)


lambda_handler = docs_endpoint(get_job, scope=Scope.READ)
