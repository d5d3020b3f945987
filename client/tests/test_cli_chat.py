"""`sortie chat`, in and out of a terminal."""

import json

from client.tests.responses import ok
from client.tests.test_session_streams import answer
from client.tests.test_sessions import CREATED

AGENTS = {"data": {"agents": [{"id": "a-1", "name": "Echo", "status": "active"}]}}


def test_chat_lines_are_messages_of_one_session(sortie, server) -> None:
    server.will(ok(AGENTS), ok(CREATED, 201), answer("Good ", "evening"), answer("Night"))

    result = sortie("chat", stdin="Good evening\n\nAnd good night\n")

    assert (result.code, result.out) == (0, "Good evening\nNight\n")
    assert "sortie chat s-1" in result.err
    sent = [body for body in server.bodies if "content" in body]
    assert [each["content"] for each in sent] == ["Good evening", "And good night"]
    assert {each["transport"] for each in sent} == {"sse"}


def test_chat_without_a_reply_goes_on_and_exits_1(sortie, server) -> None:
    failed = answer(error="The agent is out")
    server.will(failed, answer("Back"))

    result = sortie("chat", "s-1", stdin="One\nTwo\n")

    assert (result.code, result.out) == (1, "Back\n")
    assert "The agent is out" in result.err
    assert json.loads(server.requests[0].content)["content"] == "One"
