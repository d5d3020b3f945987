"""GET /webhooks/deliveries?jobId=…: what was sent about a job, and how that went."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.webhooks.api import responses as webhooks
from jobs.webhooks.wiring import wiring


def list_deliveries(request: Request) -> Response:
    job_id = webhooks.parse_job_id(request)
    return webhooks.list_response(wiring.delivery_log.of_job(request.tenant, job_id))


lambda_handler = runtime.endpoint(list_deliveries, refuse=webhooks.refuse, headers=webhooks.HEADERS)
