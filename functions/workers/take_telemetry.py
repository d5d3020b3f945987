"""SQS queue of telemetry: store readings of devices, and notify watchers."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.missions.api import device_messages
from jobs.tracking.wiring import wiring


def process(record: Any) -> None:
    try:
        reading = device_messages.parse_telemetry(record["body"])
    except ValueError as error:
        runtime.logger.warning("invalid telemetry dropped", reason=str(error))
        return
    if isinstance(reading, str):
        wiring.missions.fleet.mark_disconnected(reading)
    else:
        wiring.process_reading(reading)


lambda_handler = runtime.queue(process)
