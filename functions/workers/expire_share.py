"""State machine share_expiry: remove an expired share. The table's stream drops its viewers."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.tracking.adapters import messages
from jobs.tracking.wiring import wiring


def expire(share: Any) -> None:
    wiring.shares.remove(*messages.parse_share(share))


lambda_handler = runtime.task(expire)
