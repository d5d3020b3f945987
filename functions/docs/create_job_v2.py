"""POST /v2/agent/{projectId}/job: have an agent write documentation."""

from http import HTTPStatus

from jobs import docs_bootstrap, event_bootstrap
from jobs.dialects import docs, docs_request
from jobs.docs_endpoint import docs_endpoint
from jobs.domain.agent import Scope
from jobs.http import Request, Response


def create_job_v2(request: Request) -> Response:
    caller = docs_request.caller_in(request, loopback=event_bootstrap.to_loopback())
    new = docs_request.new_job_of_prompt(request.json_of_any_kind(), caller)
    job = docs_bootstrap.create_docs_job()(new)
    found = docs_bootstrap.get_docs_job().conversation(job)
    return docs.agent_job(found, HTTPStatus.CREATED)


lambda_handler = docs_endpoint(create_job_v2, scope=Scope.WRITE)
