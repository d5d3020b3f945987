"""GET /api/messaging/jobs/health: how many jobs there are, and how they fare."""

from jobs.core import wiring as bootstrap
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging


def get_health(request: Request) -> Response:
    counts = bootstrap.counters().read(request.tenant, messaging.NAME)
    return messaging.health(counts, bootstrap.now())


lambda_handler = runtime.endpoint(get_health, refuse=messaging.refuse, headers=messaging.HEADERS)
