"""The expiry timers of shares."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from jobs.tracking.adapters.timers import JITTER_S, StepFunctionsShareTimers
from jobs.tracking.limits import MAX_SHARES_OF_TENANT
from jobs.tracking.resource import Resource, ResourceKind
from jobs.tracking.share import Share, ShareType
from tests.support import HOUR, NOON


class StepFunctions:
    """Records the input of each execution by its name."""

    class exceptions:  # noqa: N801 - as boto3 names it
        ExecutionAlreadyExists = FileExistsError

    def __init__(self) -> None:
        self.inputs: dict[str, Any] = {}

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> None:  # noqa: N803, A002
        known = self.inputs.setdefault(name, json.loads(input))
        assert known == json.loads(input)


@pytest.fixture
def step_functions() -> StepFunctions:
    return StepFunctions()


def share(code: str) -> Share:
    return Share(
        code=code, resource=Resource(tenant="acme", kind=ResourceKind.GROUP, id="harbour"),
        type=ShareType.STREAM, created_at=NOON, expires_at=NOON + HOUR, max_viewers=None,
        metadata={},
    )  # fmt: skip


def test_shares_that_expire_together_are_removed_in_turn(step_functions) -> None:
    timers = StepFunctionsShareTimers(step_functions, expiry_arn="arn")

    for n in range(MAX_SHARES_OF_TENANT):
        for _ in range(2):  # the stream repeats a record
            timers.expire(share(f"{n}"))

    ends = Counter(
        datetime.fromisoformat(each["at"]).timestamp() - (NOON + HOUR) // 1000
        for each in step_functions.inputs.values()
    )
    assert ends.total() == MAX_SHARES_OF_TENANT
    assert min(ends) >= 0
    assert max(ends) <= JITTER_S
    assert max(ends.values()) <= 2 * MAX_SHARES_OF_TENANT // JITTER_S
