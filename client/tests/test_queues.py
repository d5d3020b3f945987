"""Dead-letter queues, over moto's SQS."""

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from sortie_client import ApiError
from sortie_client.cli import queues as module
from sortie_client.cli.queues import Queues, aws


@pytest.fixture
def sqs() -> Iterator:
    with mock_aws():
        yield boto3.client("sqs")


@pytest.fixture
def made(sqs, monkeypatch):
    """A stack's queues: one that feeds its own, two that share one, one that nobody feeds."""

    def queue(name: str, dead: str | None = None) -> str:
        policy = {"deadLetterTargetArn": arn(dead), "maxReceiveCount": 1} if dead else None
        attributes = {"RedrivePolicy": json.dumps(policy)} if policy else {}
        url = sqs.create_queue(QueueName=f"stack-{name}", Attributes=attributes)["QueueUrl"]
        urls[name] = url
        return str(url)

    def arn(name: str) -> str:
        found = sqs.get_queue_attributes(QueueUrl=urls[name], AttributeNames=["QueueArn"])
        return str(found["Attributes"]["QueueArn"])

    urls: dict[str, str] = {}
    for name, dead in (
        ("AgentDead", None), ("AgentQueue", "AgentDead"), ("SharedDead", None),
        ("Reports", "SharedDead"), ("Telemetry", "SharedDead"), ("StreamDeadLetterQueue", None),
    ):  # fmt: skip
        queue(name, dead)
    monkeypatch.setattr(module.Queues, "_urls", lambda _: iter(urls.items()))
    return urls


def bodies(sqs, url: str) -> list[str]:
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return sorted(message["Body"] for message in found.get("Messages", []))


def test_dead_letter_queues_are_those_that_others_feed_or_that_are_called_so(made) -> None:
    found = Queues("stack", None).dead_letters()

    assert [(it.name, it.messages, len(it.sources)) for it in found] == [
        ("AgentDead", 0, 1), ("SharedDead", 0, 2), ("StreamDeadLetterQueue", 0, 0)
    ]  # fmt: skip


def test_messages_go_back_to_where_they_came_from(sqs, made) -> None:
    for number in range(12):
        sqs.send_message(QueueUrl=made["AgentDead"], MessageBody=f"{number:02}")
    queues = Queues("stack", None)

    done = queues.redrive(queues.dead_letters()[0])

    assert (done.moved, done.left) == (12, 0)
    assert bodies(sqs, made["AgentDead"]) == []
    assert len(bodies(sqs, made["AgentQueue"])) == 10


def test_messages_whose_origin_is_not_known_stay(sqs, made) -> None:
    sqs.send_message(QueueUrl=made["SharedDead"], MessageBody="whose?")
    queues = Queues("stack", None)

    done = queues.redrive(queues.dead_letters()[1])

    assert (done.moved, done.left) == (0, 1)


def test_what_aws_refuses_is_a_refusal(sqs) -> None:
    with pytest.raises(ApiError) as raised, aws():
        sqs.get_queue_url(QueueName="nowhere")

    assert raised.value.status == 400
