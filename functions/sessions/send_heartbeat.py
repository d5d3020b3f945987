"""POST /api/messaging/sessions/{sessionId}/heartbeat: keep a session alive."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions.api import responses as sessions
from jobs.sessions.session import ChatSession
from jobs.sessions.wiring import wiring


def send_heartbeat(request: Request) -> Response:
    session = wiring.use_session.change(
        request.tenant, sessions.parse_session_id(request), ChatSession.touch
    )
    return sessions.session_response(session, wiring.core.clock())


lambda_handler = runtime.endpoint(
    send_heartbeat,
    on_error=sessions.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: wiring.use_session,
)
