"""POST /workers/claim: claim jobs of agents that programs of the tenant's own answer."""

from jobs.agent_workers.api import parse, responses
from jobs.agent_workers.wiring import wiring
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response


def claim_jobs(request: Request) -> Response:
    claim = parse.parse_claim(request)
    return responses.claimed_response(wiring.claim_jobs(request.tenant, claim))


lambda_handler = runtime.endpoint(
    claim_jobs,
    on_error=responses.handle_error,
    headers=responses.HEADERS,
    needs=lambda: wiring.claim_jobs,
)
