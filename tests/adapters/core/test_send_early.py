"""A queue that hangs: create tries once, and goes on."""

import socket

import pytest

from jobs.core.adapters.queue import SqsJobQueue
from jobs.core.adapters.sqlite.tenant_limits import SqliteTenantLimits
from jobs.core.limited_queue import LimitedQueue
from jobs.core.send_early import SendEarly
from jobs.kit.aws.clients import AwsClients
from tests.adapters.kit.json_calls import in_lambda
from tests.databases import Jobs, Slots, empty_database
from tests.support import HOUR


def test_queue_that_does_not_answer_is_asked_once(a_job, clock, caplog) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        in_lambda(AWS_ENDPOINT_URL=f"http://127.0.0.1:{server.getsockname()[1]}"),
    ):
        queue = LimitedQueue(
            slots=Slots(clock),
            queue=SqsJobQueue(AwsClients().hasty_sqs, "https://sqs.example/agents"),
            repository=Jobs(clock),
            tenant_limits=SqliteTenantLimits(empty_database()),
            limit=1,
            max_age=HOUR,
        )

        SendEarly(queue=queue)(a_job().ref)

        server.accept()[0].close()
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "not sent early" in caplog.text
    assert "Traceback" not in caplog.text
