"""Events that request jobs: create each as its kind's API would, and tell what became of it."""

from typing import Any

from jobs import kinds
from jobs.job_requests import request as job_requests
from jobs.job_requests.request import Refusals
from jobs.job_requests.wiring import wiring
from jobs.kit import lambda_handler as runtime


def request(record: Any) -> None:
    asked = job_requests.read(record["body"], record["messageId"])
    refusals: Refusals = {}
    try:
        checked = job_requests.checked(asked, kinds.NAMES)
        kind = kinds.kind(checked.kind)
        refusals = kind.refusals
        job = kind.create(checked.request, tenant=checked.tenant, key=checked.key)
    except Exception as error:
        refusal = job_requests.refusal(error, refusals)
        if refusal is None:  # it may pass; else its message ends among the dead letters
            raise
        wiring.replies.rejected(
            asked.id,
            asked.detail,
            code=refusal.code,
            reason=refusal.reason,
            details=refusal.details,
        )
        runtime.logger.info("request refused", request_id=asked.id, code=refusal.code)
        return
    wiring.replies.accepted(asked.id, asked.detail, job.ref)
    runtime.logger.info("job requested", request_id=asked.id, tenant=job.tenant, job_id=job.id)


lambda_handler = runtime.queue(request)
