"""Conversations with an agent, by the published npm client and over plain HTTP."""

import json
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from jobs.messaging.agent import Agent
from tests.adapters.upstream import Upstream, reply, running
from tests.e2e.api import USER, Api, eventually

SESSIONS = "/api/messaging/sessions"
COVERED = {
    *("checkHealth", "createSession", "getSession", "sendMessage", "sendMessageSync"),
    *("getMessages", "deleteSession", "listSessions"),
}


@pytest.fixture
def call(node: Callable[..., Any], api: Api) -> Callable[..., list[Any]]:
    """Make calls of the client's sessions at the same time; return what each brought."""

    def run(*calls: Any) -> list[Any]:
        about = {"baseUrl": api.base_url, "apiKey": api.key}
        made = [["sessions", *each] for each in calls]
        outcomes = node("messaging.mjs", about | {"calls": made})["outcomes"]
        return [each.get("value", each.get("error")) for each in outcomes]

    return run


def agent_of(api: Api) -> str:
    agents = api.get("/api/agents").json["data"]["agents"]
    return str(agents[0]["id"])


def opened(api: Api, **fields: Any) -> str:
    answer = api.post(SESSIONS, {"agentId": agent_of(api), "userId": USER, **fields})
    assert answer.status == 201, answer
    return f"{SESSIONS}/{answer.json['sessionId']}"


def said(api: Api, session: str, content: str, **fields: Any) -> Any:
    answer = api.post(f"{session}/messages", {"content": content, **fields})
    assert answer.status == 201, answer
    return answer.json


def contents(messages: Any) -> list[str]:
    return [each["content"] for each in messages]


def test_the_clients_whole_service_for_sessions_works(call, node, api) -> None:
    params = {"agentId": agent_of(api), "userId": USER, "metadata": {"platform": "test"}}
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


def test_every_method_that_the_client_has_for_sessions_is_tested_here(node, api) -> None:
    about = {"baseUrl": api.base_url, "apiKey": api.key, "calls": []}
    said = node("messaging.mjs", {**about, "service": "sessions"})

    assert {*said["methods"]} - {"constructor"} == COVERED


def test_messages_are_answered_in_order_however_fast_they_come(api) -> None:
    session = opened(api)

    sent = [
        said(api, session, "/sleep 1.5 first"), said(api, session, "second"),
        said(api, session, "/sleep 0.5 third"), said(api, session, "fourth"),
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


def test_a_message_whose_predecessor_is_cancelled_has_its_turn(api) -> None:
    session = opened(api)
    silent, waiting = said(api, session, "/silent"), said(api, session, "Anybody?")
    last = said(api, session, "Hello?")
    api.until(silent["job"]["jobId"], "processing")
    assert api.cancel(waiting["job"]["jobId"]).status == 200
    assert api.job(last["job"]["jobId"])["status"] == "pending"

    assert api.cancel(silent["job"]["jobId"]).status == 200

    assert api.until(last["job"]["jobId"])["status"] == "completed"


def test_messages_whose_workers_are_killed_are_answered_by_others_in_order(api, cloud) -> None:
    session = opened(api)
    first = said(api, session, "/sleep 4 first")
    second = said(api, session, "second")
    api.until(first["job"]["jobId"], "processing")

    assert cloud.kill("RunAgentJob") >= 1

    for each in (first, second):
        assert api.until(each["job"]["jobId"], seconds=120)["status"] == "completed"
    messages = api.get(f"{session}/messages").json["messages"]
    assert [each["content"] for each in messages if each["isAgent"]] == ["second", "first"]


def test_an_agent_that_fails_says_why_and_the_next_message_is_answered(api) -> None:
    session = opened(api)

    failed = said(api, session, "/fail no idea", transport="http")
    answered = said(api, session, "And now?", transport="http")

    assert "agentResponse" not in failed
    assert (failed["job"]["status"], failed["job"]["error"]) == ("failed", "no idea")
    assert answered["agentResponse"] == {"text": "And now?"}


def test_an_answer_can_be_streamed(api) -> None:
    session = opened(api)

    answer = api.post(f"{session}/messages", {"content": "/sleep 1 Well", "transport": "sse"})

    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [
        block.split("\n") for block in answer.body.decode().strip().split("\n\n")
        if not block.startswith(":")
    ]  # fmt: skip
    assert [name for name, _ in events] == ["event: user_message", "event: chunk", "event: done"]
    done = json.loads(events[-1][1].removeprefix("data: "))
    assert done["text"] == "Well"


class Model:
    """Answers with the number of what it was told; not before it is `let`."""

    def __init__(self) -> None:
        self.let = Event()
        self.let.set()

    def __call__(self, handler: Any) -> None:
        self.let.wait(30)
        number = len(handler.server.received)
        message = {"role": "assistant", "content": f"answer {number}"}
        reply({"choices": [{"message": message}]})(handler)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as made:
        yield made


def test_the_agent_is_told_the_conversation_so_far_and_asked_once_at_a_time(
    make_tenant, upstream
) -> None:
    upstream.then(model := Model())
    settings = {"baseUrl": f"{upstream.url}/v1", "model": "m", "systemPrompt": "Be kind"}
    api = make_tenant(Agent(id=str(uuid4()), name="Ada", provider="openai", settings=settings))
    session = opened(api)

    said(api, session, "one", transport="http")
    model.let.clear()
    sent = [said(api, session, "two"), said(api, session, "three")]
    eventually(lambda: upstream.received, lambda received: len(received) == 2)
    assert api.job(sent[1]["job"]["jobId"])["status"] == "pending"
    model.let.set()
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


def test_a_session_can_be_renewed_and_given_other_times(api) -> None:
    session = opened(api, timeoutConfig={"timeoutMinutes": 5, "autoRenew": False})

    renewed = api.send("POST", f"{session}/renew").json
    beaten = api.send("POST", f"{session}/heartbeat").json
    timed = api.send("PATCH", f"{session}/timeout", b'{"timeoutMinutes": 1440}').json
    refused = api.send("PATCH", f"{session}/timeout", b'{"timeoutMinutes": 1441}')

    assert renewed["renewalCount"] == 1
    assert beaten["expiresAt"] == renewed["expiresAt"]
    assert 719 * 60_000 < timed["timeRemaining"] <= 720 * 60_000
    assert refused.status == 400


def test_an_expired_session_is_gone(api, cloud) -> None:
    session = opened(api)
    where = {"PK": {"S": api.tenant}, "SK": {"S": session.rsplit("/", maxsplit=1)[-1]}}
    cloud.client("dynamodb").update_item(
        TableName=cloud.stack.outputs["SessionTableName"],
        Key=where,
        UpdateExpression="SET renewed_at = :past, ends_at = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )

    assert api.get(session).status == 410
    assert api.post(f"{session}/messages", {"content": "x"}).status == 410
    assert api.get(SESSIONS).json["total"] == 0


def test_nobody_sees_anothers_session(api, make_tenant) -> None:
    session, rival = opened(api), make_tenant()

    assert rival.get(session).status == 404
    assert rival.post(f"{session}/messages", {"content": "x"}).status == 404
    assert rival.send("DELETE", session).status == 404
    for method, path in (("GET", session), ("POST", f"{session}/messages"), ("POST", SESSIONS)):
        for key in (None, "sortie_" + "0" * 12 + "_" + "A" * 43):
            assert Api(api.base_url, key, "").send(method, path, b"{}").status == 401


def test_a_browser_may_ask_first(api) -> None:
    session = opened(api)
    asks = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}

    answer = api.send("OPTIONS", f"{session}/messages", headers=asks)

    assert answer.status in {200, 204}
    assert answer.headers["access-control-allow-origin"] == "*"
