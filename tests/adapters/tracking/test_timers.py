"""The expiry timers of shares."""

import json
from typing import Any

from jobs.tracking.adapters.messages import share_fields
from jobs.tracking.adapters.timers import StepFunctionsShareTimers
from jobs.tracking.adapters.updates import parse_update
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share, ShareExpiry, ShareType
from tests.support import HOUR, NOON


class StepFunctions:
    """Records the input of each execution by its name."""

    class exceptions:  # noqa: N801 - as boto3 names it
        ExecutionAlreadyExists = FileExistsError

    def __init__(self) -> None:
        self.inputs: dict[str, Any] = {}

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> None:  # noqa: N803, A002
        if name in self.inputs:
            raise FileExistsError
        self.inputs[name] = json.loads(input)


SHARE = Share(
    code="a-code", resource=Resource(tenant="acme", kind=ResourceKind.GROUP, id="harbour"),
    type=ShareType.STREAM, created_at=NOON, expires_at=NOON + HOUR, max_viewers=None, metadata={},
)  # fmt: skip


def test_timer_of_a_share_started_twice_runs_once_at_its_expiry() -> None:
    step_functions: Any = StepFunctions()
    timers = StepFunctionsShareTimers(step_functions, expiry_arn="arn")

    for _ in range(2):  # the stream repeats a record
        timers.expire(SHARE)

    assert step_functions.inputs == {
        SHARE.id: {"share": share_fields(SHARE), "at": "2026-01-01T13:00:00Z"}
    }


def test_message_of_its_timer_names_the_share_without_its_code() -> None:
    message = json.dumps({"share": share_fields(SHARE)})

    assert parse_update(message) == ShareExpiry(id=SHARE.id, resource=SHARE.resource)
    assert SHARE.code not in message
