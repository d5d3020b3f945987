"""State machine share_expiry, when a share expires: remove it, which ends what it had let in."""

from typing import Any

from jobs.core.adapters import messages
from jobs.kit import lambda_handler as runtime
from jobs.tracking import wiring as watch_bootstrap


def expire(share: Any) -> None:
    watch_bootstrap.shares().remove(*messages.share_from(share))


lambda_handler = runtime.task(expire)
