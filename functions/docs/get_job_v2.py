"""GET /v2/agent/{projectId}/job/{id}: one job as it is now."""

from jobs import docs_bootstrap
from jobs.dialects import docs, docs_query
from jobs.docs_endpoint import docs_endpoint
from jobs.domain.agent import Scope
from jobs.http import Request, Response


def get_job_v2(request: Request) -> Response:
    found = docs_bootstrap.get_docs_job()(
        request.tenant, request.path("projectId"), docs_query.job_id_in(request)
    )
    return docs.agent_job(found)


lambda_handler = docs_endpoint(get_job_v2, scope=Scope.READ)
