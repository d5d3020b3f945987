"""State machine share_expiry, when a share expires: remove it, which ends what it had let in."""

from typing import Any

from jobs import runtime, watch_bootstrap
from jobs.adapters import messages


def expire(share: Any) -> None:
    watch_bootstrap.shares().remove(*messages.share_from(share))


lambda_handler = runtime.task(expire)
