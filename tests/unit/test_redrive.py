"""Dead letters, once more: what goes, what stays, and what a function is given."""

import io
import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from scripts.redrive import back_to_its_queue, redrive
from scripts.redrive_errors import KeptError
from scripts.redrive_records import consumer, invoke, payloads, records, spelled

STREAM = "arn:aws:dynamodb:eu-central-1:000000000000:table/jobs/stream/2026"
FUNCTION = "arn:aws:lambda:eu-central-1:000000000000:function:sortie-PublishEvents"
BATCH = {
    "streamArn": STREAM,
    "shardId": "shard-1",
    "startSequenceNumber": "100",
    "endSequenceNumber": "102",
    "approximateArrivalOfFirstRecord": "2026-01-01T12:00:00Z",
}


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
        assert MessageAttributes == {"kind": {"DataType": "String", "StringValue": "a"}}
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
        "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "a"}},
    }


def test_letters_go_back_whole_to_the_queue_they_came_from() -> None:
    queues = Queues(letter("1"), letter("2"))

    told = list(redrive(queues, "url", back_to_its_queue(queues)))

    assert [went for went, _ in told] == [True, True]
    assert queues.sent == [
        ("https://sqs.example/reports", "body of 1"),
        ("https://sqs.example/reports", "body of 2"),
    ]
    assert queues.deleted == ["receipt of 1", "receipt of 2"]


def test_a_letter_that_came_from_no_queue_stays() -> None:
    queues = Queues(letter("1", SenderId="iot"))

    [(went, why)] = redrive(queues, "url", back_to_its_queue(queues))

    assert (went, queues.sent, queues.deleted) == (False, [], [])
    assert queues.shown == ["receipt of 1"]
    assert "came from no queue" in why


def test_what_comes_back_at_once_is_not_sent_for_ever() -> None:
    queues = Queues(letter("1"), bounces=True)

    told = list(redrive(queues, "url", back_to_its_queue(queues)))

    assert [went for went, _ in told] == [True, False]
    assert "mend the cause" in told[-1][1]
    assert len(queues.sent) == 1


class Streams:
    """A shard, in pages of two; empty ones happen."""

    def __init__(self, *numbers: int) -> None:
        self.pages = [numbers[at : at + 2] for at in range(0, len(numbers), 2)]
        self.pages.insert(1, ())

    def get_shard_iterator(self, **wanted):
        assert wanted == {
            "StreamArn": STREAM,
            "ShardId": "shard-1",
            "ShardIteratorType": "AT_SEQUENCE_NUMBER",
            "SequenceNumber": "100",
        }
        return {"ShardIterator": "0"}

    def get_records(self, *, ShardIterator):  # noqa: N803 - the API's name
        at = int(ShardIterator)
        found = [
            {"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(number)}}
            for number in self.pages[at]
        ]
        more = {"NextShardIterator": str(at + 1)} if at + 1 < len(self.pages) else {}
        return {"Records": found, **more}


def numbers(found) -> list[str]:
    return [record["dynamodb"]["SequenceNumber"] for record in found]


def test_the_records_of_a_note_are_read_and_none_besides() -> None:
    assert numbers(records(Streams(100, 101, 102, 103, 104), BATCH)) == ["100", "101", "102"]


def test_a_shard_that_ends_before_the_note_does_is_read_to_its_end() -> None:
    assert numbers(records(Streams(100, 101), BATCH)) == ["100", "101"]


@pytest.mark.parametrize("code", ["TrimmedDataAccessException", "ResourceNotFoundException"])
def test_records_that_are_gone_after_a_day_are_said_to_be(code) -> None:
    class Trimmed(Streams):
        def get_shard_iterator(self, **_):
            raise ClientError({"Error": {"Code": code}}, "GetShardIterator")

    with pytest.raises(KeptError, match="2026-01-01T12:00:00Z"):
        list(records(Trimmed(), BATCH))


def test_a_record_is_spelled_as_lambda_spells_it() -> None:
    """The stream's API writes times, bytes and who removed an item otherwise."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    read = {
        "eventName": "REMOVE",
        "userIdentity": {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"},
        "dynamodb": {"ApproximateCreationDateTime": noon, "OldImage": {"body": {"B": b"\0\1"}}},
    }

    assert spelled(read, STREAM) == {
        "eventName": "REMOVE",
        "eventSourceARN": STREAM,
        "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"},
        "dynamodb": {
            "ApproximateCreationDateTime": noon.timestamp(),
            "OldImage": {"body": {"B": "AAE="}},
        },
    }


def test_no_invocation_gets_more_than_lambda_takes() -> None:
    large = [{"image": "x" * 1_500_000, "number": number} for number in range(7)]

    made = list(payloads(large))

    assert [each["number"] for some in made for each in some] == [*range(7)]
    assert all(len(json.dumps(some)) < 6_000_000 for some in made)


class Functions:
    """Lambda: who reads which stream, and what an invocation says."""

    def __init__(self, said=None, **answer) -> None:
        self.said, self.answer = said, answer

    def get_paginator(self, name: str):
        assert name == "list_event_source_mappings"
        return self

    def paginate(self, *, EventSourceArn):  # noqa: N803 - the API's name
        assert EventSourceArn == STREAM
        mapped = [f"{FUNCTION.removesuffix('PublishEvents')}DispatchJobs:live", f"{FUNCTION}:live"]
        return [{"EventSourceMappings": [{"FunctionArn": arn}]} for arn in mapped]

    def invoke(self, **_):
        return {"Payload": io.BytesIO(json.dumps(self.said).encode()), **self.answer}


@pytest.mark.parametrize("noted", [FUNCTION, f"{FUNCTION}:live", f"{FUNCTION}:7"])
def test_the_version_that_reads_the_stream_now_gets_the_records_and_not_the_one_that_failed(
    noted,
) -> None:
    assert consumer(Functions(), STREAM, noted) == f"{FUNCTION}:live"


def test_a_function_that_reads_the_stream_no_more_gets_none() -> None:
    with pytest.raises(KeptError, match="does not read"):
        consumer(Functions(), STREAM, f"{FUNCTION}Formerly")


@pytest.mark.parametrize("functions", [
    Functions({"errorMessage": "no such table"}, FunctionError="Unhandled"),
    Functions({"batchItemFailures": [{"itemIdentifier": "101"}]}),
])  # fmt: skip
def test_what_fails_again_stays(functions) -> None:
    with pytest.raises(KeptError, match="failed again"):
        invoke(functions, FUNCTION, [{}])


@pytest.mark.parametrize("said", [None, {"batchItemFailures": []}])
def test_what_is_taken_does_not(said) -> None:
    invoke(Functions(said), FUNCTION, [{}])
