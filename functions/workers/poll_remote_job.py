"""State machine job_poll: poll the remote server for an answer."""

from typing import Any

from jobs.core.adapters import messages
from jobs.kit import lambda_handler as runtime
from jobs.sessions.wiring import wiring


def poll(job: Any) -> dict[str, bool]:
    ref = messages.ref_from(job)
    ended = wiring.poll_remote_job(ref)
    runtime.logger.info("polled", tenant=ref.tenant, job_id=ref.id, ended=ended)
    return {"ended": ended}


lambda_handler = runtime.task(poll)
