"""SQS queue of device reports: what a device says of its order becomes what the job is."""

import json
from typing import Any

from jobs import mission_bootstrap, runtime
from jobs.domain.identity import is_uuid
from jobs.domain.mission import job_id_in


def take(record: Any) -> None:
    report = json.loads(record["body"])
    order, device = report.get("orderId"), report["device"]
    if not order or not is_uuid(job_id_in(order)):
        return  # nothing to do for the device, or a job that is none of ours
    state = mission_bootstrap.take_report()(order, device)
    runtime.logger.info("device report", device=device, job_id=job_id_in(order), state=state)


lambda_handler = runtime.queue(take)
