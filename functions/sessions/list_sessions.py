"""GET /api/messaging/sessions: list the active sessions, newest first."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions.api import responses as sessions
from jobs.sessions.wiring import wiring


def list_sessions(request: Request) -> Response:
    found = wiring.use_session.active(request.tenant, after=sessions.parse_cursor(request))
    return sessions.list_response(found, wiring.core.clock())


lambda_handler = runtime.endpoint(
    list_sessions,
    on_error=sessions.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: wiring.use_session,
)
