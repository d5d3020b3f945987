"""A table's stream, and the function that reads it, as AWS's APIs have them."""

import io
import json

STREAM = "arn:aws:dynamodb:eu-central-1:000000000000:table/jobs/stream/2026"
FUNCTION = "arn:aws:lambda:eu-central-1:000000000000:function:sortie-PublishEvents"
BATCH = {
    "streamArn": STREAM,
    "shardId": "shard-1",
    "startSequenceNumber": "100",
    "endSequenceNumber": "102",
    "approximateArrivalOfFirstRecord": "2026-01-01T12:00:00Z",
}


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
