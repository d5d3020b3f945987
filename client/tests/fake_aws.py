"""In-memory fakes of the AWS APIs that redrives call."""

import io
import json

from botocore.exceptions import ClientError

STREAM = "arn:aws:dynamodb:eu-central-1:000000000000:table/jobs/stream/2026"
FUNCTION = "arn:aws:lambda:eu-central-1:000000000000:function:sortie-PublishEvents"
POSITION = {
    "streamArn": STREAM,
    "shardId": "shard-1",
    "startSequenceNumber": "100",
    "endSequenceNumber": "102",
    "approximateArrivalOfFirstRecord": "2026-01-01T12:00:00Z",
}
KIND = {"DataType": "String", "StringValue": "a"}


def message(name: str, **attributes: str):
    source = {"DeadLetterQueueSourceArn": "arn:aws:sqs:eu-central-1:000000000000:reports"}
    return {
        "MessageId": name,
        "ReceiptHandle": f"receipt of {name}",
        "Body": f"body of {name}",
        "Attributes": attributes or source,
        "MessageAttributes": {"kind": KIND},
    }


class Queues:
    """SQS with one dead-letter queue, to which `bounces` returns each sent message at once."""

    def __init__(self, *messages, bounces: bool = False) -> None:
        self.messages = list(messages)
        self.bounces = bounces
        self.groups: list[str] = []
        self.sent: list[tuple[str, str]] = []
        self.deleted: list[str] = []
        self.released: list[str] = []

    def receive_message(self, **_):
        found, self.messages = self.messages, []
        return {"Messages": found} if found else {}

    def get_queue_url(self, *, QueueName):  # noqa: N803 - SQS's name
        return {"QueueUrl": f"https://sqs.example/{QueueName}"}

    def send_message(self, *, QueueUrl, MessageBody, MessageAttributes, **group):  # noqa: N803
        assert MessageAttributes["kind"] == KIND
        self.groups += group.values()
        self.sent.append((QueueUrl, MessageBody))
        name = f"sent-{len(self.sent)}"
        if self.bounces:
            self.messages.append(message(name))
        return {"MessageId": name}

    def delete_message(self, **options) -> None:
        self.deleted.append(options["ReceiptHandle"])

    def change_message_visibility(self, **options) -> None:
        assert options["VisibilityTimeout"] == 0
        self.released.append(options["ReceiptHandle"])


class Streams:
    """A DynamoDB stream's shard in pages of two records, one of which is empty."""

    def __init__(self, *numbers: int) -> None:
        self.pages = [numbers[at : at + 2] for at in range(0, len(numbers), 2)]
        self.pages.insert(1, ())

    def get_shard_iterator(self, **options):
        assert options == {
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
    """Lambda: event source mappings, and the result of each invocation."""

    def __init__(self, result=None, **response) -> None:
        self.result, self.response = result, response

    def get_paginator(self, name: str):
        assert name == "list_event_source_mappings"
        return self

    def paginate(self, *, EventSourceArn):  # noqa: N803 - the API's name
        assert EventSourceArn == STREAM
        mapped = [f"{FUNCTION.removesuffix('PublishEvents')}DispatchJobs:live", f"{FUNCTION}:live"]
        return [{"EventSourceMappings": [{"FunctionArn": arn}]} for arn in mapped]

    def invoke(self, **_):
        return {"Payload": io.BytesIO(json.dumps(self.result).encode()), **self.response}


class Stack:
    """CloudFormation and SQS of a stack of three queues; other stacks do not exist."""

    def get_paginator(self, name: str):
        assert name == "list_stack_resources"
        return self

    def paginate(self, *, StackName):  # noqa: N803 - the API's name
        if StackName != "stack":
            error = {"Code": "ValidationError", "Message": f"Stack with id {StackName} ..."}
            raise ClientError(
                {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}, "ListStack"
            )
        names = ("StreamDeadLetterQueue", "AgentDeadLetterQueue", "AgentQueue")
        return [{"StackResourceSummaries": [self._queue(name) for name in names]}]

    def get_queue_attributes(self, *, QueueUrl, AttributeNames):  # noqa: N803
        return {"Attributes": {AttributeNames[0]: "7" if "Agent" in QueueUrl else "0"}}

    def _queue(self, name: str):
        url = {"PhysicalResourceId": f"url of {name}"}
        return {"LogicalResourceId": name, "ResourceType": "AWS::SQS::Queue", **url}
