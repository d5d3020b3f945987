"""SQS mission queue: assign a device to a mission, or release that of an ended one."""

from typing import Any

from jobs.core.adapters import messages
from jobs.kit import lambda_handler as runtime
from jobs.missions.adapters.queue import parse_order
from jobs.missions.wiring import wiring


def run(record: Any) -> None:
    ref = messages.from_text(record["body"])
    if order := parse_order(record["body"]):
        wiring.settle_mission(ref, order)
        runtime.logger.info("mission settled", job_id=ref.id, device=order.device)
    else:
        status = wiring.run_mission(ref)
        runtime.logger.info("mission run", tenant=ref.tenant, job_id=ref.id, job_status=status)


lambda_handler = runtime.queue(run, needs=lambda: (wiring.settle_mission, wiring.run_mission))
