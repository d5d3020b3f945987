"""POST /api/messaging/sessions: open a session."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions.api import responses as sessions
from jobs.sessions.api.requests import change_timeouts, parse_create_session
from jobs.sessions.errors import TooManySessionsError
from jobs.sessions.session import Timeouts
from jobs.sessions.use_session import NewSession
from jobs.sessions.wiring import wiring


def create_session(request: Request) -> Response:
    body = parse_create_session(request.json())
    new = NewSession(
        tenant=request.tenant,
        agent_id=body["agentId"],
        user_id=body["userId"],
        metadata=body.get("metadata", {}),
        timeouts=change_timeouts(Timeouts(), body.get("timeoutConfig", {})),
    )
    try:
        session = wiring.open_session(new)
    except TooManySessionsError as error:
        return sessions.limited_response(error, wiring.core.clock())
    return sessions.created_response(session)


lambda_handler = runtime.endpoint(
    create_session,
    on_error=sessions.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: wiring.open_session,
)
