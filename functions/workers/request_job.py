"""SQS request queue: create jobs that events ask for, and say on the bus what became of it."""

from typing import Any

from jobs.job_requests import create as event_endpoint
from jobs.job_requests import request as job_requests
from jobs.kit import lambda_handler as runtime
from jobs.webhooks import wiring as event_bootstrap


def request(record: Any) -> None:
    asked = job_requests.read(record["body"], record["messageId"])
    try:
        job = event_endpoint.create(asked)
    except Exception as error:
        refusal = job_requests.refusal(error)
        if refusal is None:  # it may pass; else its message ends among the dead letters
            raise
        event_bootstrap.request_events().rejected(
            asked.id,
            asked.detail,
            code=refusal.code,
            reason=refusal.reason,
            details=refusal.details,
        )
        runtime.logger.info("request refused", request_id=asked.id, code=refusal.code)
        return
    event_bootstrap.request_events().accepted(asked.id, asked.detail, job.ref)
    runtime.logger.info("job requested", request_id=asked.id, tenant=job.tenant, job_id=job.id)


lambda_handler = runtime.queue(request)
