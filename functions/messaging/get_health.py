"""GET /api/messaging/jobs/health: how many jobs there are, and how they fare."""

from jobs import bootstrap, runtime
from jobs.dialects import messaging
from jobs.http import Request, Response


def get_health(request: Request) -> Response:
    counts = bootstrap.counters().read(request.tenant, messaging.NAME)
    return messaging.health(counts, bootstrap.now())


lambda_handler = runtime.endpoint(get_health, refuse=messaging.refuse, headers=messaging.HEADERS)
