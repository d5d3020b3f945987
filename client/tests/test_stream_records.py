"""The records of a note of Lambda's: which are read, and what the function is given."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from client.tests.streams import BATCH, FUNCTION, STREAM, Functions, Streams
from sortie_client.dead_letters import KeptError
from sortie_client.dead_letters.records import consumer, invoke, payloads, records, spelled


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
