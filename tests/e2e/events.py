"""Events of one tenant on the stack's event bus."""

import json
from typing import Any, Self

from tests.e2e.api import eventually
from tests.e2e.cloud import Cloud


class Bus:
    """A temporary rule that copies a tenant's events into a temporary queue."""

    def __init__(self, cloud: Cloud, tenant: str) -> None:
        self._name = f"listen-{tenant}"
        self._events = cloud.client("events")
        self._sqs = cloud.client("sqs")
        self._bus = cloud.stack.outputs["EventBusName"]
        self._tenant = tenant
        self._details: list[Any] = []

    def __enter__(self) -> Self:
        self._queue = self._sqs.create_queue(QueueName=self._name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        pattern = {
            "source": ["jobs"],
            "detail-type": ["Job Status Changed"],
            "detail": {"tenant": [self._tenant]},
        }
        self._events.put_rule(
            Name=self._name, EventBusName=self._bus, EventPattern=json.dumps(pattern)
        )
        self._events.put_targets(
            Rule=self._name,
            EventBusName=self._bus,
            Targets=[{"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}],
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._events.remove_targets(Rule=self._name, EventBusName=self._bus, Ids=["queue"])
        self._events.delete_rule(Name=self._name, EventBusName=self._bus)
        self._sqs.delete_queue(QueueUrl=self._queue)

    def received(self) -> list[Any]:
        """Return the details of all events so far, in order of arrival."""
        while messages := self._received():
            for message in messages:
                self._details.append(json.loads(message["Body"])["detail"])
                self._sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return self._details

    def of(self, job_id: str) -> list[str]:
        return [event["status"] for event in self.received() if event["jobId"] == job_id]

    def until(self, job_id: str, *statuses: str) -> None:
        """Wait for as many events of a job; check that they are exactly these."""
        eventually(lambda: self.of(job_id), lambda seen: len(seen) >= len(statuses))
        assert self.of(job_id) == [*statuses]

    def _received(self) -> list[Any]:
        return list(
            self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get(
                "Messages", []
            )
        )
