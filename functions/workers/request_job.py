"""SQS job request queue: create each requested job as its API would, then publish a reply."""

from typing import Any

from jobs import kinds
from jobs.job_requests import request as job_requests
from jobs.job_requests.request import Refusals
from jobs.job_requests.wiring import wiring
from jobs.kit import lambda_handler as runtime


def request(record: Any) -> None:
    event = job_requests.parse_message(record["body"], record["messageId"])
    refusals: Refusals = {}
    try:
        wanted = job_requests.parse_request(event, kinds.NAMES)
        kind = kinds.kind(wanted.kind)
        refusals = kind.refusals
        job = kind.create(wanted.request, tenant=wanted.tenant, key=wanted.key)
    except Exception as error:
        refusal = job_requests.to_refusal(error, refusals)
        if refusal is None:  # SQS retries the message; the last failure makes it a dead letter
            raise
        wiring.replies.reject(
            event.id,
            event.detail,
            code=refusal.code,
            reason=refusal.reason,
            details=refusal.details,
        )
        runtime.logger.info("job request rejected", request_id=event.id, code=refusal.code)
        return
    wiring.replies.accept(event.id, event.detail, job.ref)
    runtime.logger.info(
        "job request accepted", request_id=event.id, tenant=job.tenant, job_id=job.id
    )


lambda_handler = runtime.queue(request, needs=lambda: wiring.replies)
