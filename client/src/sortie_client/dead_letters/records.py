"""Give a function the records of a table's stream that Lambda gave up.

Lambda's note says which they are, not what is in them: they are read from the stream again, which
keeps them for 24 hours.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from sortie_client.dead_letters.errors import KeptError

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

type Record = dict[str, Any]

_GONE: Final = {"ResourceNotFoundException", "TrimmedDataAccessException"}
_PAYLOAD_BYTES: Final = 4_000_000
"""Lambda takes 6 MB; this leaves room for one more record."""


@dataclass(frozen=True)
class Note:
    """Which records they are (`batch`, in Lambda's words), and the ARN of who gave them up."""

    batch: Mapping[str, Any]
    function: str


def note_of(body: str) -> Note | None:
    """Read what Lambda has written; None if it is not of Lambda's."""
    try:
        said = json.loads(body)
        return Note(said["DDBStreamBatchInfo"], said["requestContext"]["functionArn"])
    except (KeyError, TypeError, ValueError):
        return None


def again(streams: Any, functions: "LambdaClient", note: Note) -> str:
    """Work off a note, and say what was done. Raises `KeptError`."""
    function = consumer(functions, note.batch["streamArn"], note.function)
    count = 0
    for payload in payloads(records(streams, note.batch)):
        invoke(functions, function, payload)
        count += len(payload)
    return f"{count} records were taken by {function}"


def consumer(functions: "LambdaClient", stream: str, noted: str) -> str:
    """Return the ARN by which a function reads a stream now: the note's may be of an old version.

    Raises `KeptError` if it reads it no more.
    """
    name = noted.split(":")[6]
    pages = functions.get_paginator("list_event_source_mappings")
    for page in pages.paginate(EventSourceArn=stream):
        for mapping in page["EventSourceMappings"]:
            if mapping["FunctionArn"].split(":")[6] == name:
                return mapping["FunctionArn"]
    raise KeptError(f"{name} does not read {stream}")


def records(streams: Any, batch: Mapping[str, Any]) -> Iterator[Record]:
    """Return the records of a batch as Lambda spells them. Raises `KeptError` if they are gone.

    Those that the function's filter keeps from it come too, and mean nothing to it.
    """
    stream, last = batch["streamArn"], int(batch["endSequenceNumber"])
    try:
        where = streams.get_shard_iterator(
            StreamArn=stream,
            ShardId=batch["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=batch["startSequenceNumber"],
        ).get("ShardIterator")
        while where:
            page = streams.get_records(ShardIterator=where)
            for record in page["Records"]:
                number = int(record["dynamodb"]["SequenceNumber"])
                if number <= last:
                    yield spelled(record, stream)
                if number >= last:
                    return
            where = page.get("NextShardIterator")
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
        arrived = batch.get("approximateArrivalOfFirstRecord", "")
        raise KeptError(f"records of {arrived} are in {stream} no more") from error


def spelled(record: Record, stream: str) -> Record:
    """Return a record of the stream's API as Lambda's events have it: nearly the same."""
    made: Record = json.loads(json.dumps(record, default=_plain)) | {"eventSourceARN": stream}
    if "userIdentity" in made:
        made["userIdentity"] = {
            key[0].lower() + key[1:]: value for key, value in made["userIdentity"].items()
        }
    return made


def payloads(found: Iterable[Record]) -> Iterator[list[Record]]:
    some, size = list[Record](), 0
    for record in found:
        some.append(record)
        size += len(json.dumps(record))
        if size >= _PAYLOAD_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def invoke(functions: "LambdaClient", function: str, some: list[Record]) -> None:
    """Have the function take the records. Raises `KeptError` if it does not take all of them."""
    answer = functions.invoke(FunctionName=function, Payload=json.dumps({"Records": some}))
    said = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        raise KeptError(f"{function} failed again: {(said or {}).get('errorMessage')}")
    if said and said.get("batchItemFailures"):
        raise KeptError(f"{function} failed again, its log says why")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    return base64.b64encode(value).decode()
