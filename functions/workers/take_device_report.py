"""SQS queue of device reports: what a device has done with its order becomes what the job is."""

import json
from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.missions.wiring import wiring


def take(record: Any) -> None:
    device = json.loads(record["body"])["device"]
    state = wiring.check_device(device)
    runtime.logger.info("device report", device=device, state=state)


lambda_handler = runtime.queue(take)
