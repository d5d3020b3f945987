"""Task of the state machine job_timeout: time out a job at its deadline, unless it has ended."""

from typing import Any

from jobs import kinds
from jobs.core.adapters import messages
from jobs.kit import lambda_handler as runtime


def expire(job: Any) -> dict[str, str | None]:
    ref = messages.ref_from(job)
    status = kinds.core.expire_job(ref)
    runtime.logger.info("deadline reached", tenant=ref.tenant, job_id=ref.id, job_status=status)
    return {"status": status}


lambda_handler = runtime.task(expire)
