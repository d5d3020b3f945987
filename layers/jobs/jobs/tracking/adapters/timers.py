"""The expiry timers of shares, as Step Functions executions.

Each ends up to `JITTER_S` after its share, so that shares that expire in one second do not start as
many functions in that second. No one can tell: an expired share admits and shows nothing.
"""

from typing import TYPE_CHECKING, Final

from jobs.kit.aws.stepfunctions import start_once, timestamp
from jobs.tracking.adapters.messages import share_fields
from jobs.tracking.share import Share

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


JITTER_S: Final = 15


class StepFunctionsShareTimers:
    def __init__(self, client: "SFNClient", *, expiry_arn: str) -> None:
        self._client = client
        self._expiry_arn = expiry_arn

    def expire(self, share: Share) -> None:
        jitter = int(share.id, 16) % (JITTER_S * 1000)  # the same when the stream repeats
        at = timestamp(share.expires_at + jitter)
        start_once(
            self._client, self._expiry_arn, share.id, {"share": share_fields(share), "at": at}
        )
