"""SQS queue of device reports: apply the state of a device's order to its job."""

import json
from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.missions.thing import device_of
from jobs.missions.wiring import wiring


def apply_report(record: Any) -> None:
    device = device_of(json.loads(record["body"])["thing"])
    state = wiring.check_device(device)
    runtime.logger.info("device report applied", device=device, state=state)


lambda_handler = runtime.queue(apply_report, needs=lambda: wiring.check_device)
