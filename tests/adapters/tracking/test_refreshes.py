"""Scheduled refreshes, as messages in SQS."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from moto import mock_aws

from jobs.tracking.adapters.refreshes import SqsRefreshes, parse_connection
from jobs.tracking.connection import Connection
from jobs.tracking.resource import Resource, ResourceKind
from tests.adapters.engines import client
from tests.support import NOON

WATCHER = Connection(
    id="Yl4cDeXAMPLeAbc=",
    resource=Resource(tenant="acme", kind=ResourceKind.JOB, id="019b7963-4a00-7000-8000-1"),
    until=NOON,
)


@pytest.fixture
def sqs() -> Iterator[Any]:
    with mock_aws(), closing(client("sqs", None)) as made:
        yield made


def test_scheduled_refresh_names_its_connection(sqs) -> None:
    url = sqs.create_queue(QueueName="connections")["QueueUrl"]

    SqsRefreshes(sqs, url).schedule(WATCHER)

    [message] = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    assert parse_connection(message["Body"]) == WATCHER
    assert message["Attributes"]["MessageGroupId"] == "acme"
