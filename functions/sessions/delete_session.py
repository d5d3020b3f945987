"""DELETE /api/messaging/sessions/{sessionId}: delete a session with its messages."""

from jobs import runtime, session_bootstrap
from jobs.dialects import messaging, sessions
from jobs.http import Request, Response


def delete_session(request: Request) -> Response:
    session_bootstrap.close_session()(request.tenant, sessions.id_in(request))
    return sessions.closed()


lambda_handler = runtime.endpoint(delete_session, refuse=sessions.refuse, headers=messaging.HEADERS)
