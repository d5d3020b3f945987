"""GET /api/messaging/jobs/health: job counts and rates."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.messaging.api import responses as messaging
from jobs.messaging.message import KIND
from jobs.messaging.wiring import wiring


def get_health(request: Request) -> Response:
    counts = wiring.core.counters.read(request.tenant, KIND)
    return messaging.health_response(counts, wiring.core.clock())


lambda_handler = runtime.endpoint(
    get_health,
    on_error=messaging.handle_error,
    headers=messaging.HEADERS,
    needs=lambda: wiring.core.counters,
)
