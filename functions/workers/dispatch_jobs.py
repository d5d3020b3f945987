"""Job table's stream: set each new job going; what follows from changes of others."""

from typing import Any

from jobs.core import wiring as bootstrap
from jobs.core.adapters.dynamodb import stream
from jobs.core.status import JobStatus
from jobs.docs import wiring as docs_bootstrap
from jobs.kit import lambda_handler as runtime
from jobs.missions import wiring as mission_bootstrap
from jobs.sessions import wiring as session_bootstrap


def dispatch(record: Any) -> None:
    change = stream.change_of(record)
    if change is None or change.status is None:
        return
    job = stream.job_of(record)
    if job.mission is not None:
        mission_bootstrap.follow_mission()(job)
    elif job.session is not None and job.status is JobStatus.PENDING:
        docs_bootstrap.dispatch_docs_job()(job.ref, deadline=job.deadline)
    elif job.session is not None and job.status.is_terminal:
        docs_bootstrap.free_branch()(job)
    elif job.conversation is not None and job.status.is_terminal:
        session_bootstrap.pass_turn()(job)
    elif job.status is JobStatus.PENDING:
        bootstrap.dispatch_job()(job.ref, deadline=job.deadline)
    else:
        return
    runtime.logger.info("dispatched", tenant=job.tenant, job_id=job.id, job_status=job.status)


lambda_handler = runtime.stream(dispatch)
