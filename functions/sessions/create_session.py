"""POST /api/messaging/sessions: begin a conversation of a user with an agent."""

from jobs import runtime, session_bootstrap
from jobs.dialects import messaging, sessions
from jobs.dialects.sessions_request import CreateSessionBody
from jobs.domain.conversation import Timeouts
from jobs.http import Request, Response
from jobs.services.use_session import NewSession


def create_session(request: Request) -> Response:
    body = CreateSessionBody.of(request.json())
    session = session_bootstrap.open_session()(
        NewSession(
            tenant=request.tenant,
            agent_id=body.agentId,
            user_id=body.userId,
            metadata=body.metadata,
            timeouts=body.timeoutConfig.changing(Timeouts()),
        )
    )
    return sessions.opened(session)


lambda_handler = runtime.endpoint(create_session, refuse=sessions.refuse, headers=messaging.HEADERS)
