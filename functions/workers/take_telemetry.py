"""SQS queue of telemetry: what devices say of themselves, kept and passed on."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.missions import wiring as mission_bootstrap
from jobs.missions.api import device_messages


def take(record: Any) -> None:
    try:
        reading = device_messages.reading_in(record["body"])
    except ValueError as error:
        runtime.logger.warning("telemetry that is none", reason=str(error))
        return
    if isinstance(reading, str):
        mission_bootstrap.fleet().lost(reading)
    else:
        mission_bootstrap.take_reading()(reading)


lambda_handler = runtime.queue(take)
