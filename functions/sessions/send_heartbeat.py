"""POST /api/messaging/sessions/{sessionId}/heartbeat: say that a session is in use still."""

from jobs.core import wiring as bootstrap
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions import wiring as session_bootstrap
from jobs.sessions.api import responses as sessions
from jobs.sessions.session import ChatSession


def send_heartbeat(request: Request) -> Response:
    session = session_bootstrap.use_session().change(
        request.tenant, sessions.id_in(request), ChatSession.touched
    )
    return sessions.told(session, bootstrap.now())


lambda_handler = runtime.endpoint(send_heartbeat, refuse=sessions.refuse, headers=messaging.HEADERS)
