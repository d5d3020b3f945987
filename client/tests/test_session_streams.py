"""Replies in a session, streamed."""

import json

import httpx
import pytest

from client.tests.responses import stream
from sortie_client import JobFailedError, Restart


def answer(*parts: str | Exception, error: str | None = None) -> httpx.Response:
    """A stream of a reply; an exception breaks the connection."""
    events: list[bytes | Exception] = [b": heartbeat\n\n", event("user_message", {"id": "m"})]
    for part in parts:
        broken = isinstance(part, Exception)
        events.append(part if broken else event("chunk", {"chunk": part}))
    events.append(event("error", {"error": error}) if error else event("done", {}))
    return stream(*events)


def event(name: str, data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def test_stream_message_yields_the_parts_of_the_reply(caller, server) -> None:
    server.will(answer("Good ", "evening"))

    parts = caller.collect(lambda s: s.sessions.stream_message("s-1", "Hi"))

    assert parts == ["Good ", "evening"]
    assert server.bodies == [{"content": "Hi", "transport": "sse"}]


def test_stream_message_resumes_without_gap_or_duplicate(caller, server) -> None:
    server.will(answer("Good ", httpx.ReadError("lost")), answer("Good ", "evening"))

    parts = caller.collect(lambda s: s.sessions.stream_message("s-1", "Hi"))

    assert "".join(parts) == "Good evening"
    first, second = server.headers("Idempotency-Key")
    assert first == second is not None


def test_stream_message_says_when_the_agent_is_asked_again(caller, server) -> None:
    def restarted(*parts: str | Exception) -> httpx.Response:
        said = [p if isinstance(p, Exception) else event("chunk", {"chunk": p}) for p in parts]
        return stream(event("chunk", {"chunk": "Void"}), event("restarted", {}), *said)

    lost = httpx.ReadError("lost")
    server.will(restarted("Good ", lost), restarted("Good ", "evening", lost), answer("x"))
    parts = caller.collect(lambda s: s.sessions.stream_message("s-1", "Hi"))

    assert parts == ["Void", "", "Good ", "evening"]
    assert isinstance(parts[1], Restart)


def test_stream_message_without_a_reply_raises_its_reason(caller, server) -> None:
    server.will(answer(error="The agent is out"))

    with pytest.raises(JobFailedError, match="The agent is out"):
        caller.collect(lambda s: s.sessions.stream_message("s-1", "Hi"))
