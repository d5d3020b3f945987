"""PATCH /api/messaging/sessions/{sessionId}/timeout: give a session other times."""

from jobs.core import wiring as bootstrap
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions import wiring as session_bootstrap
from jobs.sessions.api import responses as sessions
from jobs.sessions.api.requests import change_timeouts, parse_timeouts


def update_timeout(request: Request) -> Response:
    body = parse_timeouts(request.json())
    session = session_bootstrap.use_session().change(
        request.tenant,
        sessions.id_in(request),
        lambda session, now: session.timed(change_timeouts(session.timeouts, body), now),
    )
    return sessions.told(session, bootstrap.now())


lambda_handler = runtime.endpoint(update_timeout, refuse=sessions.refuse, headers=messaging.HEADERS)
