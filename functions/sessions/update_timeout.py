"""PATCH /api/messaging/sessions/{sessionId}/timeout: give a session other times."""

from jobs import bootstrap, runtime, session_bootstrap
from jobs.dialects import messaging, sessions
from jobs.dialects.sessions_request import TimeoutConfig
from jobs.http import Request, Response


def update_timeout(request: Request) -> Response:
    body = TimeoutConfig.of(request.json())
    session = session_bootstrap.use_session().change(
        request.tenant,
        sessions.id_in(request),
        lambda session, now: session.timed(body.changing(session.timeouts), now),
    )
    return sessions.told(session, bootstrap.now())


lambda_handler = runtime.endpoint(update_timeout, refuse=sessions.refuse, headers=messaging.HEADERS)
