"""Documentation agents with a language model and GitHub, both simulated by local servers."""

import json
from collections.abc import Iterator
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from tests.adapters.upstream import Upstream, reply, running
from tests.e2e.docs_agents import over, write

BOTH_WAYS = True

PULLS = "/repos/acme/demo/pulls"
LINK = "https://github.example/acme/demo/pull/7"


def stream_of(*deltas: Any, reason: str = "tool_calls") -> bytes:
    """Return a streamed answer of an OpenAI-compatible endpoint."""
    pieces = [
        *({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas),
        {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]},
        {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
    ]
    return "".join(f"data: {json.dumps(each)}\n\n" for each in pieces).encode()


def uses(name: str, **arguments: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {
        "tool_calls": [{"index": 0, "id": uuid4().hex, "type": "function", "function": function}]
    }


class Model:
    """Write a page, then, once `released` is set, finish with a summary."""

    def __init__(self, upstream: Upstream, github: Any) -> None:
        self.released = Event()
        self._rounds: list[Any] = [
            {"content": "I look"}, uses("write_file", path="docs/tide.mdx", content="# Tide\n"),
        ]  # fmt: skip
        self._github = github
        upstream.then(self)

    def __call__(self, handler: Any) -> None:
        request = handler.server.received[-1]
        if request.path.endswith(PULLS):
            self._github(handler)
        elif request.body["messages"][-1]["role"] == "user":
            reply(stream_of(*self._rounds), Content_Type="text/event-stream")(handler)
        else:
            self.released.wait(30)
            last = uses("finish", message="The tide is in.", title="Tides")
            reply(stream_of(last), Content_Type="text/event-stream")(handler)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as server:
        yield server


@pytest.fixture
def github() -> Any:
    return reply({"html_url": LINK}, 201)


@pytest.fixture
def model(upstream, github) -> Iterator[Model]:
    model = Model(upstream, github)
    yield model
    model.released.set()


@pytest.fixture
def docs(stack, make_docs, upstream, model) -> Any:
    return make_docs(
        "demo",
        stack.git_url,
        folder="docs",
        provider="openai",
        models={"sonnet": "small", "opus": "large"},
        settings={"baseUrl": f"{upstream.url}/v1", "githubApi": upstream.url},
        credentials_secret=f"{stack.name}/agents/git",
        pull_requests="acme/demo",
    )


@pytest.fixture
def branch() -> str:
    return f"docs/{uuid4().hex[:8]}"


def test_model_output_is_streamed_before_the_model_finishes(docs, model, branch) -> None:
    lines = []

    def listening(line: str) -> None:
        lines.append(line)
        if line.startswith("a:"):  # the page is written: let the model finish
            model.released.set()

    streamed = write(docs, "Write about tides", listening, branch=branch)

    assert '0:"I look"\n' in lines
    assert lines[-1] == streamed.pieces[-1]
    assert '"promptTokens":14' in lines[-1]


def test_finished_model_run_creates_a_draft_pull_request(
    docs, model, upstream, branch, clone
) -> None:
    model.released.set()

    streamed = write(docs, "Write about tides", branch=branch, asDraft="true", model="opus")

    session = over(docs, streamed.job_id)
    assert (session["haultReason"], session["title"]) == ("completed", "Tides")
    assert (session["messageToUser"], session["pullRequestLink"]) == ("The tide is in.", LINK)
    assert clone(branch).read("docs/tide.mdx") == "# Tide\n"
    [pull] = [each.body for each in upstream.received if each.path.endswith(PULLS)]
    assert (pull["head"], pull["base"], pull["draft"]) == (branch, "main", True)
    assert {e.body["model"] for e in upstream.received if "model" in e.body} == {"large"}
    assert docs.get(f"/v2/agent/{{project}}/job/{streamed.job_id}").json["prLink"] == LINK


@pytest.mark.parametrize("github", [reply({"message": "Bad credentials"}, 401)])
def test_refused_credentials_are_reported_as_misconfigured(docs, model, branch) -> None:
    model.released.set()

    streamed = write(docs, "Write about tides", branch=branch)

    session = over(docs, streamed.job_id)
    assert (session["haulted"], session["haultReason"]) == (True, "github_missconfigured")
    done = f"The changes are on the branch {branch}, without a pull request."
    assert f'3:"{done} GitHub refused our credentials"\n' in streamed.pieces


def test_follow_up_sends_the_conversation_to_the_model(docs, model, upstream) -> None:
    model.released.set()
    root = docs.create("Write about tides").json["id"]
    over(docs, root)

    assert docs.message(root, "Shorter").status == 200

    over(docs, root)
    chunks = [
        [(m["role"], m["content"]) for m in each.body["messages"] if m["role"] != "system"]
        for each in upstream.received
        if "messages" in each.body
    ]
    assert [
        ("user", "Write about tides"),
        ("assistant", "The tide is in."),
        ("user", "Shorter"),
    ] in chunks
