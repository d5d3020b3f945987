"""The expiry timers of shares, as Step Functions executions."""

from typing import TYPE_CHECKING

from jobs.kit.aws.stepfunctions import start_once, timestamp
from jobs.tracking.adapters.messages import share_fields
from jobs.tracking.share import Share

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


class StepFunctionsShareTimers:
    def __init__(self, client: "SFNClient", *, expiry_arn: str) -> None:
        self._client = client
        self._expiry_arn = expiry_arn

    def expire(self, share: Share) -> None:
        about = {"share": share_fields(share), "at": timestamp(share.expires_at)}
        start_once(self._client, self._expiry_arn, share.id, about)
