"""GET /api/messaging/sessions/health: how many sessions there are."""

from jobs import bootstrap, runtime, session_bootstrap
from jobs.dialects import messaging, sessions
from jobs.http import Request, Response


def get_health(request: Request) -> Response:
    found = session_bootstrap.use_session().active(request.tenant)
    return sessions.health(found, bootstrap.now())


lambda_handler = runtime.endpoint(get_health, refuse=sessions.refuse, headers=messaging.HEADERS)
