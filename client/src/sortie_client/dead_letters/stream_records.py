"""Redelivery of DynamoDB stream records that a function failed to process.

Lambda's on-failure record names the batch but does not contain it. The records are read from the
stream again, which keeps them for 24 hours.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from sortie_client.dead_letters.errors import RedriveError

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

type Record = dict[str, Any]

_EXPIRED_CODES: Final = {"ResourceNotFoundException", "TrimmedDataAccessException"}
_MAX_PAYLOAD_BYTES: Final = 4_000_000
"""Below Lambda's 6 MB by more than one record, which may exceed this limit."""


@dataclass(frozen=True)
class FailedBatch:
    """`position`: Lambda's `DDBStreamBatchInfo`; `function_arn`: the function that failed."""

    position: Mapping[str, Any]
    function_arn: str


def parse_failed_batch(body: str) -> FailedBatch | None:
    """Parse Lambda's on-failure record; return None for any other message body."""
    try:
        content = json.loads(body)
        return FailedBatch(content["DDBStreamBatchInfo"], content["requestContext"]["functionArn"])
    except (KeyError, TypeError, ValueError):
        return None


def redeliver(streams: Any, functions: "LambdaClient", batch: FailedBatch) -> str:
    """Invoke the function with the batch; return a description. Raises `RedriveError`."""
    function = find_consumer(functions, batch.position["streamArn"], batch.function_arn)
    count = 0
    for payload in split_payloads(read_records(streams, batch.position)):
        invoke(functions, function, payload)
        count += len(payload)
    return f"{function} processed {count} records"


def find_consumer(functions: "LambdaClient", stream: str, function_arn: str) -> str:
    """Return the ARN of the version or alias of a function that reads the stream today.

    Raises `RedriveError` if none does.
    """
    name = function_arn.split(":")[6]
    pages = functions.get_paginator("list_event_source_mappings")
    for page in pages.paginate(EventSourceArn=stream):
        for mapping in page["EventSourceMappings"]:
            if mapping["FunctionArn"].split(":")[6] == name:
                return mapping["FunctionArn"]
    raise RedriveError(f"{name} no longer reads {stream}. Delete the message")


def read_records(streams: Any, position: Mapping[str, Any]) -> Iterator[Record]:
    """Yield a batch's records as Lambda passes them to functions.

    Includes records that the event source mapping filters out; functions ignore these. Raises
    `RedriveError` if the stream has dropped the records.
    """
    stream, last = position["streamArn"], int(position["endSequenceNumber"])
    try:
        iterator = streams.get_shard_iterator(
            StreamArn=stream,
            ShardId=position["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=position["startSequenceNumber"],
        ).get("ShardIterator")
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                number = int(record["dynamodb"]["SequenceNumber"])
                if number <= last:
                    yield to_lambda_record(record, stream)
                if number >= last:
                    return
            iterator = page.get("NextShardIterator")
    except ClientError as error:
        if error.response["Error"]["Code"] not in _EXPIRED_CODES:
            raise
        arrived = position.get("approximateArrivalOfFirstRecord", "")
        raise RedriveError(
            f"{stream} no longer has the records of {arrived}. Delete the message"
        ) from error


def to_lambda_record(record: Record, stream: str) -> Record:
    """Convert a record of the streams API to the form of Lambda's events."""
    content: Record = json.loads(json.dumps(record, default=_to_json))
    if "userIdentity" in content:
        content["userIdentity"] = {
            key[0].lower() + key[1:]: value for key, value in content["userIdentity"].items()
        }
    return content | {"eventSourceARN": stream}


def split_payloads(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Group records into payloads that Lambda accepts."""
    payload, size = list[Record](), 0
    for record in records:
        payload.append(record)
        size += len(json.dumps(record))
        if size >= _MAX_PAYLOAD_BYTES:
            yield payload
            payload, size = [], 0
    if payload:
        yield payload


def invoke(functions: "LambdaClient", function: str, records: list[Record]) -> None:
    """Raises `RedriveError` unless the function processes all records."""
    response = functions.invoke(FunctionName=function, Payload=json.dumps({"Records": records}))
    result = json.loads(response["Payload"].read() or b"null")
    if "FunctionError" in response:
        message = (result or {}).get("errorMessage")
        raise RedriveError(f"{function} failed again: {message}. Fix the cause, then redrive")
    if result and result.get("batchItemFailures"):
        raise RedriveError(f"{function} failed again. Read its log and fix the cause, then redrive")


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    return base64.b64encode(value).decode()
