"""GET /api/messaging/sessions/{sessionId}/messages: list messages, newest first."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions.api import responses as sessions
from jobs.sessions.wiring import wiring


def list_messages(request: Request) -> Response:
    session_id, window = sessions.parse_session_id(request), sessions.parse_window(request)
    wiring.use_session.get(request.tenant, session_id)
    found = wiring.sessions.page(request.tenant, session_id, window)
    return sessions.messages_response(found)


lambda_handler = runtime.endpoint(
    list_messages,
    on_error=sessions.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: (wiring.use_session, wiring.sessions),
)
