"""SQS queue of connections: send one the current state again, before it is closed as idle."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.tracking.adapters import refreshes
from jobs.tracking.wiring import wiring


def refresh(record: Any) -> None:
    wiring.refresh_connection(refreshes.parse_connection(record["body"]))


lambda_handler = runtime.queue(refresh, needs=lambda: wiring.refresh_connection)
