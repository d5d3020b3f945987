"""Jobs requested by events on the event bus."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.api import USER, Api, eventually
from tests.e2e.cloud import Cloud


class Bus:
    """Put job requests of a tenant on the event bus; record the replies."""

    def __init__(self, cloud: Cloud, tenant: str) -> None:
        self._events, self._sqs = cloud.client("events"), cloud.client("sqs")
        self._bus, self._tenant = cloud.stack.outputs["EventBusName"], tenant
        name = f"requests-{tenant}"
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        pattern = {
            "source": ["jobs"],
            "detail-type": [{"prefix": "Job Request "}],
            "detail": {"tenant": [tenant]},
        }
        self._events.put_rule(Name=name, EventBusName=self._bus, EventPattern=json.dumps(pattern))
        target = {"Id": "replies", "Arn": found["Attributes"]["QueueArn"]}
        self._events.put_targets(Rule=name, EventBusName=self._bus, Targets=[target])
        self.received: list[Any] = []

    def put(self, **detail: Any) -> None:
        entry = {
            "EventBusName": self._bus,
            "Source": "shop.orders",
            "DetailType": "Job Requested",
            "Detail": json.dumps({"tenant": self._tenant, **detail}),
        }
        assert self._events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    def until(self, count: int) -> Any:
        """Return the replies once there are `count`."""

        def look() -> Any:
            for each in self._sqs.receive_message(QueueUrl=self._queue).get("Messages", []):
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=each["ReceiptHandle"])
                self.received.append(json.loads(each["Body"]))
            return self.received

        return eventually(look, lambda received: len(received) >= count)


@pytest.fixture
def requests(cloud: Cloud, api: Api) -> Bus:
    return Bus(cloud, api.tenant)


def test_event_creates_a_job_and_is_accepted(requests, api) -> None:
    requests.put(dialect="messaging", request={"userId": USER, "content": "Hello from a bus"})

    [accepted] = requests.until(1)
    job = api.until(accepted["detail"]["jobId"])
    assert accepted["detail-type"] == "Job Request Accepted"
    assert job["status"] == "completed"
    assert job["result"]["message"]["content"] == "Hello from a bus"


def test_repeated_event_with_one_key_creates_one_job(requests, api) -> None:
    ask = {"dialect": "messaging", "request": {"userId": USER, "content": "Once"}}
    key = str(uuid4())

    for _ in range(3):
        requests.put(**ask, idempotencyKey=key)

    received = requests.until(3)
    assert len({each["detail"]["jobId"] for each in received}) == 1
    assert api.listed()["total"] == 1


def test_invalid_event_is_rejected_without_its_content(requests, api) -> None:
    requests.put(dialect="messaging", request={"userId": "x", "content": "A secret"})

    [rejected] = requests.until(1)
    assert rejected["detail-type"] == "Job Request Rejected"
    assert rejected["detail"]["code"] == "INVALID_REQUEST"
    assert rejected["detail"]["reason"] == "Invalid userId format (must be valid UUID)"
    assert "secret" not in json.dumps(rejected)
    assert api.listed()["total"] == 0
