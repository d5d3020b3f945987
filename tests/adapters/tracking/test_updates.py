"""The queue of updates, as messages in SQS."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from moto import mock_aws

from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.kit.errors import UnavailableError
from jobs.missions.adapters.readings import SqsReadingQueue
from jobs.missions.device import StoredReading, TrackPoint
from jobs.tracking.adapters.updates import SqsUpdates, parse_update
from jobs.tracking.change import MissionChange
from tests.adapters.engines import client
from tests.support import NOON

CHANGE = MissionChange(
    ref=JobRef(tenant="acme", kind="missions", id="019b7963-4a00-7000-8000-000000000001"),
    status=JobStatus.RUNNING,
    sequence=3,
    changed_at=NOON,
    device="dock-1",
)
READINGS = [
    StoredReading(
        device=f"dock-{n}",
        tenant=f"tenant-{n % 2}",
        orders=("o",) * (n % 2),
        point=TrackPoint(job="j", at=NOON, lon=9.97, lat=53.54, alt=40.5) if n % 3 else None,
    )
    for n in range(12)
]


@pytest.fixture
def sqs() -> Iterator[Any]:
    with mock_aws(), closing(client("sqs", None)) as made:
        yield made


@pytest.fixture
def queue_url(sqs) -> str:
    return str(sqs.create_queue(QueueName="updates")["QueueUrl"])


def receive(sqs: Any, url: str) -> list[tuple[str, object]]:
    """Return the groups and the updates of up to ten messages."""
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
    return [
        (each["Attributes"]["MessageGroupId"], parse_update(each["Body"]))
        for each in answer["Messages"]
    ]


def test_change_is_in_the_group_of_its_tenant(sqs, queue_url) -> None:
    SqsUpdates(sqs, queue_url).send(CHANGE)

    assert receive(sqs, queue_url) == [("acme", CHANGE)]


def test_readings_are_in_the_groups_of_their_tenants(sqs, queue_url) -> None:
    SqsReadingQueue(sqs, queue_url).send(READINGS)

    received = receive(sqs, queue_url) + receive(sqs, queue_url)
    assert received == [(each.tenant, each) for each in READINGS]


def test_rejected_reading_raises_unavailable_error(sqs, queue_url, monkeypatch) -> None:
    failed = {"Failed": [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]}
    monkeypatch.setattr(sqs, "send_message_batch", lambda **_: failed)

    with pytest.raises(UnavailableError):
        SqsReadingQueue(sqs, queue_url).send(READINGS)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"job": {}}'])
def test_other_message_raises_value_error(text) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_update(text)
