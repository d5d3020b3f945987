"""Redrive of dead-letter queues: the messages sent, and the messages that stay."""

import json

import pytest

from client.tests.fake_aws import (
    FUNCTION,
    KIND,
    POSITION,
    Functions,
    Queues,
    Stack,
    Streams,
    message,
)
from sortie_client import ApiError, ConnectionFailedError, NotConfiguredError
from sortie_client.dead_letters.aws import aws_clients
from sortie_client.dead_letters.queues import DeadLetterQueue, DeadLetterQueues, RedriveResult

QUEUE = DeadLetterQueue("DeadLetterQueue", "url", 1)


def redrive(queues, **clients) -> list[RedriveResult]:
    aws = {"sqs": queues, **clients}
    return list(DeadLetterQueues("stack", aws.__getitem__).redrive(QUEUE))


def test_redrive_sends_messages_to_their_source_queue() -> None:
    queues = Queues(message("1"), message("2"))

    results = redrive(queues)

    assert [each.redriven for each in results] == [True, True]
    assert queues.sent == [
        ("https://sqs.example/reports", "body of 1"),
        ("https://sqs.example/reports", "body of 2"),
    ]
    assert queues.deleted == ["receipt of 1", "receipt of 2"]


def test_redrive_sends_undelivered_event_to_its_target() -> None:
    undelivered = message("1", SenderId="events")
    target = {"DataType": "String", "StringValue": "arn:aws:sqs:eu-central-1:000000000000:requests"}
    undelivered["MessageAttributes"] = {"kind": KIND, "TARGET_ARN": target}
    queues = Queues(undelivered)

    [result] = redrive(queues)

    assert result.redriven
    assert queues.sent == [("https://sqs.example/requests", "body of 1")]


def test_redrive_keeps_the_message_group() -> None:
    queues = Queues(message("1"), message("2"))
    queues.messages[0]["Attributes"] |= {"MessageGroupId": "acme"}

    redrive(queues)

    assert queues.groups == ["acme"]


def test_redrive_message_without_source_stays() -> None:
    queues = Queues(message("1", SenderId="iot"))

    [result] = redrive(queues)

    assert (result.redriven, queues.sent, queues.deleted) == (False, [], [])
    assert queues.released == ["receipt of 1"]


def test_redrive_returning_message_is_sent_once() -> None:
    queues = Queues(message("1"), bounces=True)

    results = redrive(queues)

    assert [each.redriven for each in results] == [True, False]
    assert len(queues.sent) == 1


def failed_batch(**attributes: str):
    body = {"DDBStreamBatchInfo": POSITION, "requestContext": {"functionArn": f"{FUNCTION}:7"}}
    return message("1", **attributes) | {"Body": json.dumps(body)}


def test_redrive_failed_batch_invokes_the_function() -> None:
    queues = Queues(failed_batch(SenderId="lambda"))

    [result] = redrive(queues, dynamodbstreams=Streams(100, 101, 102), **{"lambda": Functions()})

    assert result.redriven
    assert "3 records" in result.text
    assert (queues.sent, queues.deleted) == ([], ["receipt of 1"])


def test_redrive_forged_failed_batch_invokes_nothing() -> None:
    """Others can send messages to source queues; the body of these is not trusted."""
    queues = Queues(failed_batch(**message("1")["Attributes"]))

    [result] = redrive(queues)

    assert result.redriven
    assert len(queues.sent) == 1


def test_list_queues_returns_dead_letter_queues_only() -> None:
    stack = Stack()

    found = DeadLetterQueues("stack", lambda _: stack).list_queues()

    assert found == [
        DeadLetterQueue("AgentDeadLetterQueue", "url of AgentDeadLetterQueue", 7),
        DeadLetterQueue("StreamDeadLetterQueue", "url of StreamDeadLetterQueue", 0),
    ]


def test_list_queues_unknown_stack_raises_api_error() -> None:
    with pytest.raises(ApiError, match="nowhere") as raised:
        DeadLetterQueues("nowhere", lambda _: Stack()).list_queues()

    assert (raised.value.status, raised.value.code) == (400, "ValidationError")


def test_list_queues_unreachable_endpoint_raises(monkeypatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # for other machines

    with pytest.raises(ConnectionFailedError, match="endpoint URL"):
        DeadLetterQueues("stack", aws_clients("http://127.0.0.1:9")).list_queues()


def test_list_queues_without_credentials_raises(monkeypatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    with pytest.raises(NotConfiguredError, match="credentials"):
        DeadLetterQueues("stack", aws_clients()).list_queues()
