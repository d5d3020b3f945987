"""GET /api/messaging/sessions/{sessionId}: one session as it is now."""

from jobs import bootstrap, runtime, session_bootstrap
from jobs.dialects import messaging, sessions
from jobs.http import Request, Response


def get_session(request: Request) -> Response:
    session = session_bootstrap.use_session().get(request.tenant, sessions.id_in(request))
    return sessions.told(session, bootstrap.now())


lambda_handler = runtime.endpoint(get_session, refuse=sessions.refuse, headers=messaging.HEADERS)
