"""GET /api/messaging/sessions/{sessionId}: read a session."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions.api import responses as sessions
from jobs.sessions.wiring import wiring


def get_session(request: Request) -> Response:
    session = wiring.use_session.get(request.tenant, sessions.parse_session_id(request))
    return sessions.session_response(session, wiring.core.clock())


lambda_handler = runtime.endpoint(
    get_session,
    on_error=sessions.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: wiring.use_session,
)
