"""POST /v2/agent/{projectId}/job/{id}/message: send a follow-up to a docs job."""

from jobs.auth.api_key import Scope
from jobs.docs.api import bodies as docs_bodies
from jobs.docs.api import query as docs_query
from jobs.docs.api import requests as docs_request
from jobs.docs.api import responses as docs
from jobs.docs.api.endpoint import docs_endpoint
from jobs.docs.wiring import wiring
from jobs.kit.http import Request, Response


def message_job_v2(request: Request) -> Response:
    caller = docs_request.parse_caller(request, loopback=wiring.core.webhooks_to_loopback)
    job_id = docs_query.parse_job_id(request)
    new = docs_request.parse_message(request.json_of_any_type(), caller, job_id)
    return docs.agent_job_response(wiring.follow_up(new))


lambda_handler = docs_endpoint(
    message_job_v2,
    scope=Scope.WRITE,
    needs=lambda: (wiring.follow_up, docs_bodies.PROMPT.rebuild()),
)
