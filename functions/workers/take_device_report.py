"""SQS queue of device reports: what a device has done with an order becomes what the job is."""

import json
from typing import Any

from jobs import mission_bootstrap, runtime
from jobs.domain.identity import is_uuid
from jobs.domain.mission import job_id_in


def take(record: Any) -> None:
    report = json.loads(record["body"])
    device, order = report["device"], report.get("orderId")
    if order is None:
        state = mission_bootstrap.check_device()(device)
    elif is_uuid(job_id_in(order)):
        state = mission_bootstrap.take_report()(order, device)
    else:
        return  # an order that is none of ours
    runtime.logger.info("device report", device=device, order=order, state=state)


lambda_handler = runtime.queue(take)
