"""POST /webhooks/{deliveryId}/redeliver: deliver a webhook once more."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.webhooks.api import responses as webhooks
from jobs.webhooks.wiring import wiring


def redeliver(request: Request) -> Response:
    delivery_id = webhooks.parse_delivery_id(request)
    return webhooks.accepted_response(wiring.redeliver_webhook(request.tenant, delivery_id))


lambda_handler = runtime.endpoint(
    redeliver,
    on_error=webhooks.handle_error,
    headers=webhooks.HEADERS,
    needs=lambda: wiring.redeliver_webhook,
)
