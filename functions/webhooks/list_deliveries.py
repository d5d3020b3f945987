"""GET /webhooks/deliveries?jobId=…: what was sent about a job, and how that went."""

from jobs import event_bootstrap, runtime
from jobs.dialects import webhooks
from jobs.http import Request, Response


def list_deliveries(request: Request) -> Response:
    job_id = webhooks.job_id_in(request)
    return webhooks.listed(event_bootstrap.delivery_log().of_job(request.tenant, job_id))


lambda_handler = runtime.endpoint(list_deliveries, refuse=webhooks.refuse, headers=webhooks.HEADERS)
