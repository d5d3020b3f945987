"""State machine share_expiry, when a share expires: remove it, which ends what it had let in."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.tracking.adapters import messages
from jobs.tracking.wiring import wiring


def expire(share: Any) -> None:
    wiring.shares.remove(*messages.parse_share(share))


lambda_handler = runtime.task(expire)
