"""AWS IoT rules see the messages that they select."""

import re

from jobs.missions.api.device_messages import FIELDS
from tests.architecture.template import of_type


def test_iot_rule_selects_no_topic_that_only_the_device_receives(resources) -> None:
    rules = of_type(resources, "AWS::IoT::TopicRule").values()
    queries = [rule["TopicRulePayload"]["Sql"]["Fn::Sub"] for rule in rules]

    assert queries
    assert not [sql for sql in queries if "/accepted" in sql or "/rejected" in sql]


def test_telemetry_rule_selects_each_field_by_name_and_the_thing_by_topic(resources) -> None:
    """After `SELECT *`, a payload's own `thing` would compete with the topic's."""
    sql = resources["TelemetryRule"]["Properties"]["TopicRulePayload"]["Sql"]["Fn::Sub"]
    selected = re.fullmatch(r"SELECT (.*) FROM .*", sql)

    assert selected
    [thing, *fields] = selected[1].split(", ")
    assert re.fullmatch(r"topic\(\d\) AS thing", thing)
    assert set(fields) == FIELDS - {"thing"}
