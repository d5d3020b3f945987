"""GET /v1/agent/{projectId}/jobs: list a project's docs jobs, newest first."""

from jobs.auth.api_key import Scope
from jobs.docs.api import query as docs_query
from jobs.docs.api import responses as docs
from jobs.docs.api.endpoint import docs_endpoint
from jobs.docs.wiring import wiring
from jobs.kit.http import Request, Response


def list_jobs(request: Request) -> Response:
    skip, take = docs_query.parse_page(request)
    conversations = wiring.list_docs_jobs(
        request.tenant, request.path("projectId"), skip=skip, take=take
    )
    return docs.list_response(conversations)


lambda_handler = docs_endpoint(list_jobs, scope=Scope.READ, needs=lambda: wiring.list_docs_jobs)
