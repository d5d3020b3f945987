"""Redelivery of stream records: the records read, and the function invoked."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from client.tests.fake_aws import FUNCTION, POSITION, STREAM, Functions, Streams
from sortie_client.dead_letters.errors import RedriveError
from sortie_client.dead_letters.stream_records import (
    find_consumer,
    invoke,
    read_records,
    split_payloads,
    to_lambda_record,
)


@pytest.mark.parametrize(
    ("shard", "read"),
    [((100, 101, 102, 103, 104), ["100", "101", "102"]), ((100, 101), ["100", "101"])],
    ids=["whole batch", "shard ends earlier"],
)
def test_read_records_returns_only_the_batch(shard, read) -> None:
    records = read_records(Streams(*shard), POSITION)

    assert [record["dynamodb"]["SequenceNumber"] for record in records] == read


@pytest.mark.parametrize("code", ["TrimmedDataAccessException", "ResourceNotFoundException"])
def test_read_records_expired_raises_with_their_time(code) -> None:
    class Expired(Streams):
        def get_shard_iterator(self, **_):
            raise ClientError({"Error": {"Code": code}}, "GetShardIterator")

    with pytest.raises(RedriveError, match="2026-01-01T12:00:00Z"):
        list(read_records(Expired(), POSITION))


def test_to_lambda_record_converts_times_bytes_and_identity() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    record = {
        "eventName": "REMOVE",
        "userIdentity": {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"},
        "dynamodb": {"ApproximateCreationDateTime": noon, "OldImage": {"body": {"B": b"\0\1"}}},
    }

    assert to_lambda_record(record, STREAM) == {
        "eventName": "REMOVE",
        "eventSourceARN": STREAM,
        "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"},
        "dynamodb": {
            "ApproximateCreationDateTime": noon.timestamp(),
            "OldImage": {"body": {"B": "AAE="}},
        },
    }


def test_split_payloads_stay_below_lambdas_limit() -> None:
    large = [{"image": "x" * 1_500_000, "number": number} for number in range(7)]

    payloads = list(split_payloads(large))

    assert [each["number"] for payload in payloads for each in payload] == [*range(7)]
    assert all(len(json.dumps(payload)) < 6_000_000 for payload in payloads)


@pytest.mark.parametrize("failed", [FUNCTION, f"{FUNCTION}:live", f"{FUNCTION}:7"])
def test_find_consumer_returns_the_current_alias(failed) -> None:
    assert find_consumer(Functions(), STREAM, failed) == f"{FUNCTION}:live"


def test_find_consumer_unmapped_function_raises() -> None:
    with pytest.raises(RedriveError, match="PublishEventsFormerly"):
        find_consumer(Functions(), STREAM, f"{FUNCTION}Formerly")


@pytest.mark.parametrize("functions", [
    Functions({"errorMessage": "no such table"}, FunctionError="Unhandled"),
    Functions({"batchItemFailures": [{"itemIdentifier": "101"}]}),
])  # fmt: skip
def test_invoke_failed_function_raises(functions) -> None:
    with pytest.raises(RedriveError, match=FUNCTION):
        invoke(functions, FUNCTION, [{}])


@pytest.mark.parametrize("result", [None, {"batchItemFailures": []}])
def test_invoke_successful_function_returns(result) -> None:
    invoke(Functions(result), FUNCTION, [{}])
