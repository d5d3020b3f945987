"""GET /api/messaging/sessions: the caller's sessions that have not expired, newest first."""

from jobs import bootstrap, runtime, session_bootstrap
from jobs.dialects import messaging, sessions
from jobs.http import Request, Response


def list_sessions(request: Request) -> Response:
    found = session_bootstrap.use_session().active(request.tenant)
    return sessions.listed(found, bootstrap.now())


lambda_handler = runtime.endpoint(list_sessions, refuse=sessions.refuse, headers=messaging.HEADERS)
