"""GET /api/agents: who can be asked."""

from jobs import bootstrap, runtime
from jobs.dialects import messaging
from jobs.http import Request, Response


def list_agents(request: Request) -> Response:
    return messaging.agents(bootstrap.registry().agents(request.tenant))


lambda_handler = runtime.endpoint(list_agents, refuse=messaging.refuse, headers=messaging.HEADERS)
