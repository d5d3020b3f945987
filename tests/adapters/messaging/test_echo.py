"""The echo provider."""

import pytest

from jobs.kit.errors import UpstreamError
from jobs.messaging.adapters.providers import echo
from jobs.messaging.adapters.providers.echo import EchoProvider
from jobs.messaging.agent import Agent
from jobs.messaging.ports import Answer

AGENT = Agent(id="a", name="Echo")


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr(echo.time, "sleep", seconds.append)
    return seconds


@pytest.mark.parametrize("content", [
    "Hello", " ", "🐎\n\0", "/", "/silence", "/sleeping 1 x", "/sleep", "/sleep soon", "/failure",
    "/sleep 1234 x", "/sleep -1 x", "say /fail", " /silent", "//fail", "/FAIL", "/sleep 5x",
    "/streams 1 x", "/stream", "/stream soon x",
])  # fmt: skip
def test_echo_without_directive_returns_content(slept, a_question, content) -> None:
    assert EchoProvider().ask(AGENT, a_question(content=content)) == Answer(content)
    assert slept == []


@pytest.mark.parametrize("content", ["/silent", "/silent whatever", "/silent\n"])
def test_echo_silent_returns_none(slept, a_question, content) -> None:
    assert EchoProvider().ask(AGENT, a_question(content=content)) is None


@pytest.mark.parametrize(("content", "seconds", "answer"), [
    ("/sleep 2 Late", 2, "Late"), ("/sleep 0.25  two  words", 0.25, "two  words"),
    ("/sleep 300 x", 300, "x"), ("/sleep 0 /fail", 0, "/fail"), ("/sleep\t1\nx", 1, "x"),
])  # fmt: skip
def test_echo_sleep_answers_late(slept, a_question, content, seconds, answer) -> None:
    assert EchoProvider().ask(AGENT, a_question(content=content)) == Answer(answer)
    assert slept == [seconds]


@pytest.mark.parametrize(("content", "words", "pauses"), [
    ("/stream 2 One two", ["One", " two"], [1, 1]), ("/stream 0.5 x\n", ["x\n"], [0.5]),
    ("/stream 1 a  /fail ", ["a", "  /fail "], [0.5, 0.5]), ("/stream 3", [], [3]),
])  # fmt: skip
def test_echo_stream_says_word_by_word(slept, a_question, content, words, pauses) -> None:
    said: list[str] = []

    answer = EchoProvider().ask(AGENT, a_question(content=content, say=said.append))

    assert (answer, said, slept) == (Answer("".join(words)), words, pauses)


@pytest.mark.parametrize(("content", "reason"), [
    ("/fail No reason", "No reason"), ("/fail", "The agent was told to fail"),
    ("/fail\n", "The agent was told to fail"), ("/fail 🐎", "🐎"),
])  # fmt: skip
def test_echo_fail_raises_reason(a_question, content, reason) -> None:
    with pytest.raises(UpstreamError) as error:
        EchoProvider().ask(AGENT, a_question(content=content))

    assert str(error.value) == reason
