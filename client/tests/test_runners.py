"""Both runners perform each effect; flows are tested with the synchronous one."""

import httpx
import pytest

from client.tests.conftest import Caller
from client.tests.responses import DONE, JOB_ID, USER, created, error, job, ok, stream, unavailable
from sortie_client import ConnectionFailedError, NotFoundError

BROKEN = httpx.ReadError("lost")


def get_job(sortie):
    return sortie.messaging.get_job(JOB_ID)


def run(sortie):
    return sortie.docs.run("say Hello")


def event(event_id: str, text: str) -> bytes:
    return f'id: {event_id}\ndata: {{"type": "text-delta", "delta": "{text}"}}\n\n'.encode()


def test_request_transient_failures_are_retried(caller, server) -> None:
    server.will(BROKEN, unavailable(), ok(job()))

    assert caller.call(get_job).job_id == JOB_ID


def test_request_error_response_is_raised(caller, server) -> None:
    server.will(error(404, "Job not found"))

    with pytest.raises(NotFoundError, match="Job not found"):
        caller.call(get_job)


@pytest.mark.parametrize(
    ("failure", "sent"), [(httpx.ConnectError("refused"), False), (BROKEN, True)]
)
def test_failed_connection_reports_if_the_request_was_sent(caller, server, failure, sent) -> None:
    server.will(*[failure] * 5)

    with pytest.raises(ConnectionFailedError) as raised:
        caller.call(get_job)

    assert raised.value.sent is sent


def test_operation_polling_drops_items_and_returns_result(caller, server) -> None:
    server.will(ok(job("pending")), ok(job()))

    found = caller.call(lambda s: s.messaging.poll_job(JOB_ID, interval=0))

    assert found.status == "completed"


@pytest.mark.parametrize("end", [(BROKEN,), ()], ids=["broken", "ended"])
def test_stream_incomplete_is_joined_after_last_event(caller, server, end) -> None:
    server.will(
        stream(event("1.1", "One"), event("1.2", "Two")[:9], *end),
        unavailable(),
        stream(event("1.2", "Two"), *end),
        stream(DONE),
    )

    opened, *events = caller.collect(run)

    assert opened.type == "opened"
    assert [it.data["delta"] for it in events] == ["One", "Two"]
    assert server.headers("Last-Event-ID") == [None, "1.1", "1.1", "1.2"]


def test_stream_left_early_stops_reading(caller, server) -> None:
    server.will(stream(event("1.1", "One"), event("1.2", "Two"), BROKEN))

    assert len(caller.collect(run, limit=2)) == 2


def test_stream_error_response_is_raised(caller, server) -> None:
    server.will(ok({"error": "Project not found"}, 404))

    with pytest.raises(NotFoundError, match="Project not found"):
        caller.collect(run)


def offer() -> httpx.Response:
    return ok({"error": "payment required"}, 402)


def test_payment_hook_headers_are_sent(caller, server) -> None:
    server.will(offer(), created())

    caller.call(
        lambda s: s.messaging.create_job(USER, "Hi"), payment=lambda _: {"X-PAYMENT": "signed"}
    )

    assert server.headers("X-PAYMENT") == [None, "signed"]


def test_payment_hook_coroutine_is_awaited(server) -> None:
    async def pay(_):
        return {"X-PAYMENT": "signed"}

    server.will(offer(), created())
    Caller(server, is_async=True).call(lambda s: s.messaging.create_job(USER, "Hi"), payment=pay)

    assert server.headers("X-PAYMENT") == [None, "signed"]
