"""Each alarm fires on trouble, ends after it, and stays silent on a good day.

`TROUBLE` has the sequence of data points, one a minute, that makes an alarm fire.
"""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.architecture.cloudwatch import Series, evaluate, states_of

DELAYS: Final = (0, 1, 2, 3)
"""AWS's metrics arrive some minutes late."""
BEFORE: Final = 10
AFTER: Final = 60
"""Minutes around the trouble. Then every alarm must have ended."""

# A queue without a consumer publishes nothing until a message arrives, then its number.
KEPT: Final = {"ApproximateNumberOfMessagesVisible": [1.0] * 5}
# A dead letter that a function receives at once is never visible when SQS counts.
TAKEN: Final[Mapping[str, Series]] = {"waiting": [0], "taken": [1]}
NO_EXECUTION: Final[Mapping[str, Series]] = {
    each: [None] for each in ("jobs", "polls", "missions", "shares", "payments")
}
THROTTLED: Final[Mapping[str, Series]] = {"reads": [None] * 3, "writes": [1] * 3}
MINUTE_LATE: Final[Mapping[str, Series]] = {"IteratorAge": [60_001] * 3}


def old(seconds: int) -> Mapping[str, Series]:
    """Return the ages of a message that nobody receives."""
    return {"ApproximateAgeOfOldestMessage": [seconds + 1] * 3}


TROUBLE: Final[Mapping[str, Mapping[str, Series]]] = {
    "StreamDeadLetters": KEPT,
    "DeviceDeadLetters": KEPT,
    "TimerDeadLetters": KEPT,
    "UpdateDeadLetters": KEPT,
    "WebhookDeadLetters": KEPT,
    "RequestDeadLetters": KEPT,
    "AgentDeadLetters": TAKEN,
    "MissionDeadLetters": TAKEN,
    "DocsDeadLetters": TAKEN,
    "DeadlineQueueOld": old(120),
    "PollQueueOld": old(60),
    "AgentQueueOld": old(360),
    "MissionQueueOld": old(300),
    "MissionCheckQueueOld": old(300),
    "PaymentCheckQueueOld": old(1200),
    "DeviceReportQueueOld": old(120),
    "TelemetryQueueOld": old(30),
    "UpdateQueueOld": old(30),
    "ConnectionQueueOld": old(660),
    "DocsQueueOld": old(1800),
    "WebhookQueueOld": old(1800),
    "RequestQueueOld": old(300),
    "TimersFailed": {**NO_EXECUTION, "missions": [1]},
    "RegistryTableThrottled": {**THROTTLED, "by_tenant_writes": [None] * 3},
    "AuditTableThrottled": THROTTLED,
    "CounterTableThrottled": THROTTLED,
    "SessionTableThrottled": THROTTLED,
    "MissionTableThrottled": THROTTLED,
    "OutputTableThrottled": THROTTLED,
    "JobTableThrottled": {  # an index alone
        "reads": [None] * 3,
        "writes": [None] * 3,
        "by_status_writes": [1] * 3,
        "by_project_writes": [None] * 3,
        "waiting_writes": [None] * 3,
    },
    "PaymentTableThrottled": {**THROTTLED, "by_state_writes": [None] * 3},
    "WebhookTableThrottled": {**THROTTLED, "by_id_writes": [None] * 3},
    "DispatchJobsLate": MINUTE_LATE,
    "PublishEventsLate": MINUTE_LATE,
    "TrackConnectionsLate": MINUTE_LATE,
    "CountUsageLate": {"IteratorAge": [600_001] * 3},
    "FollowPaymentsLate": {"IteratorAge": [120_001] * 3},
    "StreamConsumersFail": {  # Lambda publishes zeros for each minute with calls
        "dispatch": [0] * 3,
        "publish": [1] * 3,
        "track": [None] * 3,
        "follow": [None] * 3,
        "usage": [None] * 3,
    },
    "JobsFail": {"done": [9], "failed": [6], "late": [5]},
    "WorkersGone": {"jobs": [1]},
    "ApiFails": {"failed": [5] * 3, "requests": [100] * 3},
    "WebSocketApiFails": {"ours": [3], "theirs": [3]},
    "CodeFails": {"LoggedErrors": [5, 0, 5]},
    "FunctionsThrottled": {"Throttles": [1] * 3},
}
GOOD_DAY: Final[Mapping[str, Mapping[str, Series]]] = {
    "StreamDeadLetters": {"ApproximateNumberOfMessagesVisible": [0] * 30},
    "AgentDeadLetters": {"waiting": [0] * 30, "taken": [0] * 30},
    "AgentQueueOld": {"ApproximateAgeOfOldestMessage": [360] * 30},
    "ConnectionQueueOld": {"ApproximateAgeOfOldestMessage": [600] * 30},  # delay and retries
    "WebhookQueueOld": {"ApproximateAgeOfOldestMessage": [1000] * 30},
    "TimersFailed": {**NO_EXECUTION, "jobs": [0] * 30},
    "PaymentCheckQueueOld": {"ApproximateAgeOfOldestMessage": [900] * 30},
    "MissionCheckQueueOld": {"ApproximateAgeOfOldestMessage": [180] * 30},
    "JobTableThrottled": {  # a table that has split its partition after two minutes
        "reads": [None] * 5,
        "writes": [9, 9, None, None, None],
        "by_status_writes": [9, 9, None, None, None],
        "by_project_writes": [None] * 5,
        "waiting_writes": [None] * 5,
    },
    "DispatchJobsLate": {"IteratorAge": [900, 70_000, 900, 70_000] + [900] * 26},
    "StreamConsumersFail": {
        "dispatch": [1, 0, 1, 0, 0],
        "publish": [0] * 5,
        "track": [None] * 5,
        "follow": [None] * 5,
        "usage": [None] * 5,
    },
    "JobsFail": {"done": [10] * 60, "failed": [5] * 60, "late": [5] * 60},
    "WorkersGone": {"jobs": [0] * 30},
    "ApiFails": {"failed": [1, 4, 5, 5] * 10, "requests": [1, 4, 500, 1000] * 10},
    "WebSocketApiFails": {"ours": [1, 0, 0, 0, 0] * 6, "theirs": [4, 0, 0, 0, 0] * 6},
    "CodeFails": {"LoggedErrors": [9, 4, 4, 4, 4, 4] * 5},
    "FunctionsThrottled": {"Throttles": [1, 0, 1, 0, 0, 0]},
}


def nothing_around(metrics: Mapping[str, Series]) -> dict[str, Series]:
    return {name: [*[None] * BEFORE, *series, *[None] * AFTER] for name, series in metrics.items()}


def test_every_alarm_has_its_trouble_written_down(alarms) -> None:
    assert TROUBLE.keys() == alarms.keys()


@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("name", TROUBLE)
def test_alarm_fires_on_its_trouble_and_then_ends(alarms, name, delay) -> None:
    states = states_of(alarms[name], nothing_around(TROUBLE[name]), delay=delay)

    assert "ALARM" in states
    assert "ALARM" not in states[:BEFORE]
    assert states[-1] == "OK"


@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("name", GOOD_DAY)
def test_alarm_is_silent_on_a_good_day(alarms, name, delay) -> None:
    states = states_of(alarms[name], nothing_around(GOOD_DAY[name]), delay=delay)

    assert set(states) == {"OK"}


@pytest.mark.parametrize("name", TROUBLE)
def test_alarm_is_silent_without_data(alarms, name) -> None:
    quiet = {metric: [None] * 60 for metric in TROUBLE[name]}

    assert set(states_of(alarms[name], quiet, delay=0)) == {"OK"}


def test_alarm_filling_missing_data_has_spare_evaluation_periods(alarms) -> None:
    """AWS: FILL can leave an alarm "stuck"; "work around this by using an M out of N alarm"."""
    stuck = [
        name
        for name, alarm in alarms.items()
        if "FILL" in str(alarm.get("Metrics"))
        and alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) >= alarm["EvaluationPeriods"]
    ]

    assert stuck == []


@pytest.mark.parametrize("row", [
    ("0-X-X", 3, "OK"), ("0----", 3, "OK"), ("-----", 3, "OK"), ("0XX-X", 3, "ALARM"),
    ("----X", 3, "OK"), ("X----", 3, "OK"),
    ("0-X-X", 2, "ALARM"), ("00X0X", 2, "ALARM"), ("0-X--", 2, "OK"), ("----0", 2, "OK"),
])  # fmt: skip
def test_evaluator_agrees_with_the_examples_of_aws(row) -> None:
    """The column "not breaching" of AWS's tables on missing data."""
    drawn, datapoints, state = row
    alarm: dict[str, Any] = {
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": datapoints,
        "Threshold": 0,
    }

    assert evaluate(alarm, [{"0": 0.0, "X": 1.0, "-": None}[each] for each in drawn], "OK") == state
