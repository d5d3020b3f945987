"""Sessions with an agent, by the published npm client and over HTTP."""

import json
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from jobs.messaging.agent import Agent
from tests.adapters.upstream import Upstream, reply, running
from tests.e2e.api import USER, Api, eventually
from tests.e2e.sessions.conversations import first_agent, open_session, send_message

BOTH_WAYS = True

COVERED = {
    *("checkHealth", "createSession", "getSession", "sendMessage", "sendMessageSync"),
    *("getMessages", "deleteSession", "listSessions"),
}


@pytest.fixture
def call(node: Callable[..., Any], api: Api) -> Callable[..., list[Any]]:
    """Make calls of the client's session service concurrently; return their outcomes."""

    def run(*calls: Any) -> list[Any]:
        about = {"baseUrl": api.base_url, "apiKey": api.key}
        made = [["sessions", *each] for each in calls]
        outcomes = node("messaging.mjs", about | {"calls": made})["outcomes"]
        return [each.get("value", each.get("error")) for each in outcomes]

    return run


def contents(messages: Any) -> list[str]:
    return [each["content"] for each in messages]


def test_client_session_service_works_as_a_whole(call, node, api) -> None:
    about = {"baseUrl": api.base_url, "apiKey": api.key, "calls": []}
    methods = node("messaging.mjs", {**about, "service": "sessions"})["methods"]
    assert {*methods} - {"constructor"} == COVERED
    params = {"agentId": first_agent(api), "userId": USER, "metadata": {"platform": "test"}}
    [created] = call(["createSession", params])
    session = created["sessionId"]

    [answered] = call(["sendMessageSync", session, {"content": "Hello"}])
    [sent] = call(["sendMessage", session, {"content": "And you?", "metadata": {"n": 1}}])
    eventually(
        lambda: call(["getMessages", session, {"limit": 10}])[0],
        lambda found: len(found["messages"]) == 4,
    )
    [info, page, listed, health] = call(
        ["getSession", session],
        ["getMessages", session, {"limit": 3, "before": "2999-01-01T00:00:00Z"}],
        ["listSessions"],
        ["checkHealth"],
    )
    [deleted] = call(["deleteSession", session])
    [gone] = call(["getSession", session])

    assert answered["agentResponse"] == {"text": "Hello"}
    assert answered["userMessage"]["content"] == "Hello"
    assert answered["sessionStatus"]["renewalCount"] == 1
    assert (sent["userMessage"]["metadata"], "agentResponse" in sent) == ({"n": 1}, False)
    assert (info["sessionId"], info["renewalCount"]) == (session, 2)
    assert contents(page["messages"]) == ["And you?", "And you?", "Hello"]
    assert [each["isAgent"] for each in page["messages"]] == [True, False, True]
    assert page["hasMore"] is True
    assert (listed["total"], listed["sessions"][0]["sessionId"]) == (1, session)
    assert (health["status"], health["activeSessions"]) == ("healthy", 1)
    assert deleted == {"success": True}
    assert gone["status"] == 404


def test_messages_sent_at_once_are_answered_in_order(api) -> None:
    session = open_session(api)

    sent = [
        send_message(api, session, "/sleep 1.5 first"), send_message(api, session, "second"),
        send_message(api, session, "/sleep 0.5 third"), send_message(api, session, "fourth"),
    ]  # fmt: skip
    jobs = [api.until(each["job"]["jobId"]) for each in sent]

    assert [each["status"] for each in jobs] == ["completed"] * 4
    ends = [each["result"]["message"]["createdAt"] for each in jobs]
    assert ends == sorted(ends)
    answers = [
        each["content"]
        for each in api.get(f"{session}/messages").json["messages"]
        if each["isAgent"]
    ]
    assert answers == ["fourth", "third", "second", "first"]


def test_cancelled_message_gives_its_turn_to_the_next(api) -> None:
    session = open_session(api)
    silent, waiting = send_message(api, session, "/silent"), send_message(api, session, "Anybody?")
    last = send_message(api, session, "Hello?")
    api.until(silent["job"]["jobId"], "processing")
    assert api.cancel(waiting["job"]["jobId"]).status == 200
    assert api.job(last["job"]["jobId"])["status"] == "pending"

    assert api.cancel(silent["job"]["jobId"]).status == 200

    assert api.until(last["job"]["jobId"])["status"] == "completed"


def test_message_by_sse_streams_its_answer(api) -> None:
    session = open_session(api)

    answer = api.post(f"{session}/messages", {"content": "/sleep 1 Well", "transport": "sse"})

    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [
        [line for line in block.split("\n") if not line.startswith("id: ")]
        for block in answer.body.decode().strip().split("\n\n")
        if not block.startswith(":")
    ]  # fmt: skip
    assert [name for name, _ in events] == ["event: user_message", "event: chunk", "event: done"]
    done = json.loads(events[-1][1].removeprefix("data: "))
    assert done["text"] == "Well"


class Model:
    """Answer with the number of the request, once `released` is set."""

    def __init__(self) -> None:
        self.released = Event()
        self.released.set()

    def __call__(self, handler: Any) -> None:
        self.released.wait(30)
        number = len(handler.server.received)
        message = {"role": "assistant", "content": f"answer {number}"}
        reply({"choices": [{"message": message}]})(handler)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as made:
        yield made


def test_agent_receives_the_conversation_one_message_at_a_time(make_tenant, upstream) -> None:
    upstream.then(model := Model())
    settings = {"baseUrl": f"{upstream.url}/v1", "model": "m", "systemPrompt": "Be kind"}
    api = make_tenant(Agent(id=str(uuid4()), name="Ada", provider="openai", settings=settings))
    session = open_session(api)

    send_message(api, session, "one", transport="http")
    model.released.clear()
    sent = [send_message(api, session, "two"), send_message(api, session, "three")]
    eventually(lambda: upstream.received, lambda received: len(received) == 2)
    assert api.job(sent[1]["job"]["jobId"])["status"] == "pending"
    model.released.set()
    for each in sent:
        assert api.until(each["job"]["jobId"])["status"] == "completed"

    assert [
        [f"{each['role']}: {each['content']}" for each in received.body["messages"]][1:]
        for received in upstream.received
    ] == [
        ["user: one"],
        ["user: one", "assistant: answer 1", "user: two"],
        ["user: one", "assistant: answer 1", "user: two", "assistant: answer 2", "user: three"],
    ]
