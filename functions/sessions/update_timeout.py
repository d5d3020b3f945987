"""PATCH /api/messaging/sessions/{sessionId}/timeout: change the timeouts of a session."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions.api import responses as sessions
from jobs.sessions.api.requests import change_timeouts, parse_timeouts
from jobs.sessions.wiring import wiring


def update_timeout(request: Request) -> Response:
    body = parse_timeouts(request.json())
    session = wiring.use_session.change(
        request.tenant,
        sessions.parse_session_id(request),
        lambda session, now: session.set_timeouts(change_timeouts(session.timeouts, body), now),
    )
    return sessions.session_response(session, wiring.core.clock())


lambda_handler = runtime.endpoint(
    update_timeout,
    on_error=sessions.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: wiring.use_session,
)
