"""SQS queue of telemetry: store the readings of devices, and queue what follows from them."""

from collections.abc import Iterator, Mapping
from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.missions.api import device_messages
from jobs.missions.store_readings import Report
from jobs.missions.wiring import wiring


def take(records: Any) -> Mapping[str, BaseException]:
    return wiring.store_readings(dict(parse(records)))


def parse(records: Any) -> Iterator[tuple[str, Report]]:
    for record in records:
        try:
            yield record["messageId"], device_messages.parse_telemetry(record["body"])
        except ValueError as error:
            runtime.logger.warning("invalid telemetry dropped", reason=str(error))


lambda_handler = runtime.queue_batch(take, needs=lambda: wiring.store_readings)
