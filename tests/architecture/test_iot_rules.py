"""AWS IoT rules see the messages that they select."""

import re

from jobs.missions.api.device_messages import FIELDS
from tests.architecture.template import of_type


def test_iot_rule_selects_no_topic_that_only_the_device_receives(resources) -> None:
    rules = of_type(resources, "AWS::IoT::TopicRule").values()
    queries = [rule["TopicRulePayload"]["Sql"] for rule in rules]

    assert queries
    assert not [sql for sql in queries if "/accepted" in sql or "/rejected" in sql]


def test_telemetry_rule_selects_each_field_by_name_and_the_device_by_topic(resources) -> None:
    """After `SELECT *`, a payload's own `device` would compete with the topic's."""
    sql = resources["TelemetryRule"]["Properties"]["TopicRulePayload"]["Sql"]
    selected = re.fullmatch(r"SELECT (.*) FROM .*", sql)

    assert selected
    [device, *fields] = selected[1].split(", ")
    assert re.fullmatch(r"topic\(\d\) AS device", device)
    assert set(fields) == FIELDS - {"device"}
