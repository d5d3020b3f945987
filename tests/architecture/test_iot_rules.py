"""AWS IoT rules see the messages that they select."""

from tests.architecture.template import of_type


def test_iot_rule_selects_no_topic_that_only_the_device_receives(resources) -> None:
    rules = of_type(resources, "AWS::IoT::TopicRule").values()
    queries = [rule["TopicRulePayload"]["Sql"] for rule in rules]

    assert queries
    assert not [sql for sql in queries if "/accepted" in sql or "/rejected" in sql]
