"""POST /api/messaging/sessions/{sessionId}/heartbeat: say that a session is in use still."""

from jobs import bootstrap, runtime, session_bootstrap
from jobs.dialects import messaging, sessions
from jobs.domain.conversation import ChatSession
from jobs.http import Request, Response


def send_heartbeat(request: Request) -> Response:
    session = session_bootstrap.use_session().change(
        request.tenant, sessions.id_in(request), ChatSession.touched
    )
    return sessions.told(session, bootstrap.now())


lambda_handler = runtime.endpoint(send_heartbeat, refuse=sessions.refuse, headers=messaging.HEADERS)
