"""GET /api/messaging/sessions/{sessionId}: one session as it is now."""

from jobs.core import wiring as bootstrap
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions import wiring as session_bootstrap
from jobs.sessions.api import responses as sessions


def get_session(request: Request) -> Response:
    session = session_bootstrap.use_session().get(request.tenant, sessions.id_in(request))
    return sessions.told(session, bootstrap.now())


lambda_handler = runtime.endpoint(get_session, refuse=sessions.refuse, headers=messaging.HEADERS)
