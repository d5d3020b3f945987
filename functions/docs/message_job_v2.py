"""POST /v2/agent/{projectId}/job/{id}/message: have its agent do something more."""

from jobs import docs_bootstrap, event_bootstrap
from jobs.dialects import docs, docs_query, docs_request
from jobs.docs_endpoint import docs_endpoint
from jobs.domain.agent import Scope
from jobs.http import Request, Response


def message_job_v2(request: Request) -> Response:
    caller = docs_request.caller_in(request, loopback=event_bootstrap.to_loopback())
    job_id = docs_query.job_id_in(request)
    new = docs_request.new_message(request.json_of_any_kind(), caller, job_id)
    return docs.agent_job(docs_bootstrap.follow_up()(new))


lambda_handler = docs_endpoint(message_job_v2, scope=Scope.WRITE)
