"""Functions of AWS IoT's SQL that the emulator lacks."""

import json

SQL = "SELECT topic(1) AS thing FROM '+/telemetry' WHERE startswith(topic(1), 'mine_')"


def test_rule_selects_topics_by_their_beginning(root, role) -> None:
    queue = root("sqs").create_queue(QueueName="readings")["QueueUrl"]
    action = {"sqs": {"queueUrl": queue, "roleArn": role, "useBase64": False}}
    root("iot").create_topic_rule(
        ruleName="mine", topicRulePayload={"sql": SQL, "actions": [action]}
    )

    for thing in ("theirs_dock", "mine_dock"):
        root("iot-data").publish(topic=f"{thing}/telemetry", payload=b"{}")

    received = root("sqs").receive_message(
        QueueUrl=queue, WaitTimeSeconds=5, MaxNumberOfMessages=10
    )["Messages"]
    assert [json.loads(each["Body"]) for each in received] == [{"thing": "mine_dock"}]
