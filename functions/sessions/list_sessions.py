"""GET /api/messaging/sessions: the caller's sessions that have not expired, newest first."""

from jobs.core import wiring as bootstrap
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions import wiring as session_bootstrap
from jobs.sessions.api import responses as sessions


def list_sessions(request: Request) -> Response:
    found = session_bootstrap.use_session().active(request.tenant)
    return sessions.listed(found, bootstrap.now())


lambda_handler = runtime.endpoint(list_sessions, refuse=sessions.refuse, headers=messaging.HEADERS)
