"""POST /v2/agent/{projectId}/job/{id}/cancel: cancel a docs job and its waiting follow-ups."""

from jobs.auth.api_key import Scope
from jobs.docs.api import query as docs_query
from jobs.docs.api import responses as docs
from jobs.docs.api.endpoint import docs_endpoint
from jobs.docs.wiring import wiring
from jobs.kit.http import Request, Response


def cancel_job_v2(request: Request) -> Response:
    conversation = wiring.cancel_docs_job(
        request.tenant, request.path("projectId"), docs_query.parse_job_id(request)
    )
    return docs.agent_job_response(conversation)


lambda_handler = docs_endpoint(
    cancel_job_v2, scope=Scope.WRITE, needs=lambda: wiring.cancel_docs_job
)
