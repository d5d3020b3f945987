"""GET /api/agents: list the agents."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.messaging.wiring import wiring


def list_agents(request: Request) -> Response:
    return messaging.agents_response(wiring.agents.agents(request.tenant))


lambda_handler = runtime.endpoint(
    list_agents,
    on_error=messaging.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: wiring.agents,
)
