"""GET /api/messaging/sessions/{sessionId}/messages: what was said, newest first."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions import wiring as session_bootstrap
from jobs.sessions.api import responses as sessions


def list_messages(request: Request) -> Response:
    session_id, window = sessions.id_in(request), sessions.window_in(request)
    session_bootstrap.use_session().get(request.tenant, session_id)
    found = session_bootstrap.conversations().page(request.tenant, session_id, window)
    return sessions.said(found)


lambda_handler = runtime.endpoint(list_messages, refuse=sessions.refuse, headers=messaging.HEADERS)
