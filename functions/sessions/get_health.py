"""GET /api/messaging/sessions/health: how many sessions there are."""

from jobs.core import wiring as bootstrap
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.sessions import wiring as session_bootstrap
from jobs.sessions.api import responses as sessions


def get_health(request: Request) -> Response:
    found = session_bootstrap.use_session().active(request.tenant)
    return sessions.health(found, bootstrap.now())


lambda_handler = runtime.endpoint(get_health, refuse=sessions.refuse, headers=messaging.HEADERS)
