"""POST /webhooks/{deliveryId}/redeliver: have it sent once more, now."""

from jobs import event_bootstrap, runtime
from jobs.dialects import webhooks
from jobs.http import Request, Response


def redeliver(request: Request) -> Response:
    delivery_id = webhooks.delivery_id_in(request)
    return webhooks.accepted(event_bootstrap.redeliver_webhook()(request.tenant, delivery_id))


lambda_handler = runtime.endpoint(redeliver, refuse=webhooks.refuse, headers=webhooks.HEADERS)
