"""Functions of AWS IoT's SQL that the emulator lacks."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from local.cloud.aws import create_session
from local.cloud.ministack import MiniStack

SQL = "SELECT topic(1) AS thing FROM '+/telemetry' WHERE startswith(topic(1), 'mine_')"


@pytest.fixture
def client(tmp_path) -> Iterator[Any]:
    """Make clients of an emulator."""
    with MiniStack(tmp_path, "nobody") as started:
        started.wait()
        session = create_session()
        yield lambda service: closing(session.client(service, endpoint_url=started.url))


def test_rule_selects_topics_by_their_beginning(client) -> None:
    with client("sqs") as sqs, client("iot") as iot, client("iot-data") as data:
        queue = sqs.create_queue(QueueName="readings")["QueueUrl"]
        role = "arn:aws:iam::000000000000:role/any"
        action = {"sqs": {"queueUrl": queue, "roleArn": role, "useBase64": False}}
        iot.create_topic_rule(ruleName="mine", topicRulePayload={"sql": SQL, "actions": [action]})

        for thing in ("theirs_dock", "mine_dock"):
            data.publish(topic=f"{thing}/telemetry", payload=b"{}")

        received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MaxNumberOfMessages=10)[
            "Messages"
        ]

    assert [json.loads(each["Body"]) for each in received] == [{"thing": "mine_dock"}]
