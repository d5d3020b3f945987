"""POST /api/messaging/sessions/{sessionId}/renew: let a session's time begin anew."""

from jobs import bootstrap, runtime, session_bootstrap
from jobs.dialects import messaging, sessions
from jobs.domain.conversation import ChatSession
from jobs.http import Request, Response


def renew_session(request: Request) -> Response:
    session = session_bootstrap.use_session().change(
        request.tenant, sessions.id_in(request), ChatSession.renewed
    )
    return sessions.told(session, bootstrap.now())


lambda_handler = runtime.endpoint(renew_session, refuse=sessions.refuse, headers=messaging.HEADERS)
