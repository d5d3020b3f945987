"""GET /v1/agent/{projectId}/job/{id}: get a docs job."""

from jobs.auth.api_key import Scope
from jobs.docs.api import query as docs_query
from jobs.docs.api import responses as docs
from jobs.docs.api.endpoint import docs_endpoint
from jobs.docs.wiring import wiring
from jobs.kit.http import Request, Response


def get_job(request: Request) -> Response:
    conversation = wiring.get_docs_job(
        request.tenant, request.path("projectId"), docs_query.parse_job_id(request)
    )
    return docs.session_response(conversation)


lambda_handler = docs_endpoint(get_job, scope=Scope.READ, needs=lambda: wiring.get_docs_job)
