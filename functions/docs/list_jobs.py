"""GET /v1/agent/{projectId}/jobs: a project's sessions, newest first."""

from jobs import docs_bootstrap
from jobs.dialects import docs, docs_query
from jobs.docs_endpoint import docs_endpoint
from jobs.domain.agent import Scope
from jobs.http import Request, Response


def list_jobs(request: Request) -> Response:
    skip, take = docs_query.page_in(request)
    found = docs_bootstrap.list_docs_jobs()(
        request.tenant, request.path("projectId"), skip=skip, take=take
    )
    return docs.listed(found)


lambda_handler = docs_endpoint(list_jobs, scope=Scope.READ)
