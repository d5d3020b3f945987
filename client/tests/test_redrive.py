"""Dead letters, once more: what goes, what stays, and what a function is given."""

import json

import pytest
from botocore.exceptions import ClientError

from client.tests.streams import BATCH, FUNCTION, Functions, Streams
from sortie_client import ApiError, ConnectionFailedError, NotConfiguredError
from sortie_client.dead_letters import DeadLetterQueue, DeadLetters, Redriven, clients

KIND = {"DataType": "String", "StringValue": "a"}
DEAD = DeadLetterQueue("DeadLetterQueue", "url", 1)


class Queues:
    """SQS with one dead letter queue. `bounces`: what is sent is a dead letter again at once."""

    def __init__(self, *letters, bounces: bool = False) -> None:
        self.letters = list(letters)
        self.sent: list[tuple[str, str]] = []
        self.bounces = bounces
        self.deleted: list[str] = []
        self.shown: list[str] = []

    def receive_message(self, **_):
        found, self.letters = self.letters, []
        return {"Messages": found} if found else {}

    def get_queue_url(self, *, QueueName):  # noqa: N803 - SQS's name
        return {"QueueUrl": f"https://sqs.example/{QueueName}"}

    def send_message(self, *, QueueUrl, MessageBody, MessageAttributes):  # noqa: N803
        assert MessageAttributes["kind"] == KIND
        self.sent.append((QueueUrl, MessageBody))
        name = f"sent-{len(self.sent)}"
        if self.bounces:
            self.letters.append(letter(name))
        return {"MessageId": name}

    def delete_message(self, **which) -> None:
        self.deleted.append(which["ReceiptHandle"])

    def change_message_visibility(self, **which) -> None:
        assert which["VisibilityTimeout"] == 0
        self.shown.append(which["ReceiptHandle"])


def letter(name: str, **attributes: str):
    source = {"DeadLetterQueueSourceArn": "arn:aws:sqs:eu-central-1:000000000000:reports"}
    return {
        "MessageId": name,
        "ReceiptHandle": f"receipt of {name}",
        "Body": f"body of {name}",
        "Attributes": attributes or source,
        "MessageAttributes": {"kind": KIND},
    }


def redriven(queues, **others) -> list[Redriven]:
    return list(DeadLetters("stack", {"sqs": queues, **others}.__getitem__).redrive(DEAD))


def test_letters_go_back_whole_to_the_queue_they_came_from() -> None:
    queues = Queues(letter("1"), letter("2"))

    told = redriven(queues)

    assert [each.went for each in told] == [True, True]
    assert queues.sent == [
        ("https://sqs.example/reports", "body of 1"),
        ("https://sqs.example/reports", "body of 2"),
    ]
    assert queues.deleted == ["receipt of 1", "receipt of 2"]


def test_an_event_that_a_rule_could_not_deliver_goes_where_it_should_have_gone() -> None:
    undelivered = letter("1", SenderId="events")
    target = {"DataType": "String", "StringValue": "arn:aws:sqs:eu-central-1:000000000000:requests"}
    undelivered["MessageAttributes"] = {"kind": KIND, "TARGET_ARN": target}
    queues = Queues(undelivered)

    [told] = redriven(queues)

    assert told.went
    assert queues.sent == [("https://sqs.example/requests", "body of 1")]


def test_a_letter_that_came_from_no_queue_stays() -> None:
    queues = Queues(letter("1", SenderId="iot"))

    [told] = redriven(queues)

    assert (told.went, queues.sent, queues.deleted) == (False, [], [])
    assert queues.shown == ["receipt of 1"]
    assert "came from no queue" in told.text


def test_what_comes_back_at_once_is_not_sent_for_ever() -> None:
    queues = Queues(letter("1"), bounces=True)

    told = redriven(queues)

    assert [each.went for each in told] == [True, False]
    assert "mend the cause" in told[-1].text
    assert len(queues.sent) == 1


# ── Notes ───────────────────────────────────────────────────────────────────────


def noted(**attributes: str):
    about = {"DDBStreamBatchInfo": BATCH, "requestContext": {"functionArn": f"{FUNCTION}:7"}}
    return letter("1", **attributes) | {"Body": json.dumps(about)}


def test_a_note_of_lambdas_is_worked_off_by_giving_the_records_to_who_failed() -> None:
    queues = Queues(noted(SenderId="lambda"))

    [told] = redriven(queues, dynamodbstreams=Streams(100, 101, 102), **{"lambda": Functions()})

    assert told == Redriven(went=True, text=f"3 records were taken by {FUNCTION}:live")
    assert (queues.sent, queues.deleted) == ([], ["receipt of 1"])


def test_what_came_from_a_queue_is_no_note_whatever_it_says() -> None:
    """Others may put messages into queues; nothing is invoked because of them."""
    queues = Queues(noted(**letter("1")["Attributes"]))

    [told] = redriven(queues)

    assert told.went
    assert len(queues.sent) == 1


# ── A stack ─────────────────────────────────────────────────────────────────────


class Stack:
    """CloudFormation, SQS and a refusal."""

    def get_paginator(self, name: str):
        assert name == "list_stack_resources"
        return self

    def paginate(self, *, StackName):  # noqa: N803 - the API's name
        if StackName != "stack":
            refusal = {"Code": "ValidationError", "Message": f"Stack with id {StackName} ..."}
            raise ClientError(
                {"Error": refusal, "ResponseMetadata": {"HTTPStatusCode": 400}}, "ListStack"
            )
        names = ("StreamDeadLetterQueue", "AgentDeadLetterQueue", "AgentQueue")
        return [{"StackResourceSummaries": [self.queue(name) for name in names]}]

    def queue(self, name: str):
        url = {"PhysicalResourceId": f"url of {name}"}
        return {"LogicalResourceId": name, "ResourceType": "AWS::SQS::Queue", **url}

    def get_queue_attributes(self, *, QueueUrl, AttributeNames):  # noqa: N803
        return {"Attributes": {AttributeNames[0]: "7" if "Agent" in QueueUrl else "0"}}


def test_a_stacks_dead_letter_queues_are_those_that_its_template_calls_so() -> None:
    stack = Stack()

    found = DeadLetters("stack", lambda _: stack).queues()

    assert found == [
        DeadLetterQueue("AgentDeadLetterQueue", "url of AgentDeadLetterQueue", 7),
        DeadLetterQueue("StreamDeadLetterQueue", "url of StreamDeadLetterQueue", 0),
    ]


def test_what_aws_refuses_is_a_refusal() -> None:
    with pytest.raises(ApiError, match="nowhere") as raised:
        DeadLetters("nowhere", lambda _: Stack()).queues()

    assert (raised.value.status, raised.value.code) == (400, "ValidationError")


def test_an_emulator_that_is_not_there_is_a_connection_that_failed(monkeypatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    with pytest.raises(ConnectionFailedError):
        DeadLetters("stack", clients("http://127.0.0.1:9")).queues()


def test_without_credentials_it_says_so(monkeypatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    with pytest.raises(NotConfiguredError, match="credentials"):
        DeadLetters("stack", clients()).queues()
