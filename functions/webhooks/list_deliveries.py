"""GET /webhooks/deliveries?jobId=…: list a job's webhook deliveries and their attempts."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.webhooks.api import responses as webhooks
from jobs.webhooks.wiring import wiring


def list_deliveries(request: Request) -> Response:
    job_id = webhooks.parse_job_id(request)
    return webhooks.list_response(wiring.delivery_log.list_by_job(request.tenant, job_id))


lambda_handler = runtime.endpoint(
    list_deliveries,
    on_error=webhooks.handle_error,
    headers=webhooks.HEADERS,
    needs=lambda: wiring.delivery_log,
)
