"""DELETE /api/messaging/sessions/{sessionId}: delete a session with its messages."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions.api import responses as sessions
from jobs.sessions.wiring import wiring


def delete_session(request: Request) -> Response:
    wiring.close_session(request.tenant, sessions.parse_session_id(request))
    return sessions.deleted_response()


lambda_handler = runtime.endpoint(
    delete_session,
    on_error=sessions.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: wiring.close_session,
)
