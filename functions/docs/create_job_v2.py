"""POST /v2/agent/{projectId}/job: create a docs job."""

from http import HTTPStatus

from jobs.auth.api_key import Scope
from jobs.docs.api import bodies as docs_bodies
from jobs.docs.api import requests as docs_request
from jobs.docs.api import responses as docs
from jobs.docs.api.endpoint import docs_endpoint
from jobs.docs.wiring import wiring
from jobs.kit.http import Request, Response


def create_job_v2(request: Request) -> Response:
    caller = docs_request.parse_caller(request, loopback=wiring.core.webhooks_to_loopback)
    new = docs_request.parse_create_v2(request.json_of_any_type(), caller)
    job = wiring.create_and_send(new)
    conversation = wiring.get_docs_job.conversation(job)
    return docs.agent_job_response(conversation, HTTPStatus.CREATED)


lambda_handler = docs_endpoint(
    create_job_v2,
    scope=Scope.WRITE,
    needs=lambda: (wiring.create_and_send, wiring.get_docs_job, docs_bodies.PROMPT.rebuild()),
)
