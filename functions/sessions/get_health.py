"""GET /api/messaging/sessions/health: count the active sessions."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions.api import responses as sessions
from jobs.sessions.wiring import wiring


def get_health(request: Request) -> Response:
    found = wiring.sessions.count_active(request.tenant)
    return sessions.health_response(found, wiring.core.clock())


lambda_handler = runtime.endpoint(
    get_health,
    on_error=sessions.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: wiring.sessions,
)
