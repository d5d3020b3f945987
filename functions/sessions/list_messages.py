"""GET /api/messaging/sessions/{sessionId}/messages: what was said, newest first."""

from jobs import runtime, session_bootstrap
from jobs.dialects import messaging, sessions
from jobs.http import Request, Response


def list_messages(request: Request) -> Response:
    session_id, window = sessions.id_in(request), sessions.window_in(request)
    session_bootstrap.use_session().get(request.tenant, session_id)
    found = session_bootstrap.conversations().page(request.tenant, session_id, window)
    return sessions.said(found)


lambda_handler = runtime.endpoint(list_messages, refuse=sessions.refuse, headers=messaging.HEADERS)
