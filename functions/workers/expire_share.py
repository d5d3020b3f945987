"""State machine share_expiry of the previous version: remove an expired share."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.tracking.adapters import messages
from jobs.tracking.wiring import wiring


def expire(share: Any) -> None:
    expired = messages.parse_share(share)
    wiring.shares.remove(expired.id, expired.resource)


lambda_handler = runtime.task(expire, needs=lambda: wiring.shares)
