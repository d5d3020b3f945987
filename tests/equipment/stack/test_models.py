"""`make up MODEL=…` and `make serve MODEL=…`, as a developer types them."""

import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pexpect
import pytest

from jobs.messaging.adapters.agents import DynamoAgents
from local.cloud import ministack
from local.cloud.aws import create_session
from local.kit.paths import ROOT
from local.models.model import Model
from local.stack.launch import run_stack
from local.stack.model import AGENT
from local.stack.server_process import run_server
from tests.adapters.converse_wire import EVENT_STREAM, START, stop, text
from tests.adapters.upstream import Upstream, never_respond, reply, running
from tests.e2e.api import Api, eventually
from tests.e2e.cloud import processes
from tests.e2e.docs_agents import DocsApi, write
from tests.equipment.stack.terminals import (
    START_TIMEOUT_S,
    STOP_TIMEOUT_S,
    Terminal,
    has_left_nothing,
    is_listening,
    make_up,
    outside_make,
)
from tests.model_endpoints import answer_as
from tests.tls import secure

KEY = "sk-a-key-that-nobody-may-find"
ON_BEDROCK = """\
tenant: acme
agents:
  - id: 44444444-4444-4444-8444-444444444444
    name: Cloudy
    provider: bedrock
    settings: { modelId: a-model }
"""


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as server:
        yield server


@pytest.fixture
def unused_url() -> Iterator[str]:
    with socket.socket() as bound:  # bound, but not listening
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/v1"


def type_make(folder: Path, target: str, choice: str, **variables: str) -> Any:
    """Type the command into a terminal."""
    return pexpect.spawn(
        "make",
        [target, f"MODEL={choice}", "PORT=0", f"STACK_FILE={folder}/stack.json"],
        cwd=str(ROOT),
        env=outside_make() | {"DATA": str(folder / "data"), **variables},
        preexec_fn=restore_interrupts,
        encoding="utf-8",
        timeout=60,
    )


def restore_interrupts() -> None:
    """A process started in the background ignores SIGINT, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for_end(child: Any) -> str:
    """Return what it prints from here on."""
    child.expect(pexpect.EOF)
    child.close()
    return str(child.before)


NOTHING = (
    'MODEL=ollama:qwen3: nothing answers at {url}; start it with "ollama serve".'
    " Without MODEL, agents echo."
)
NO_QWEN = 'MODEL=ollama:qwen3: {url} has no qwen3, get it with "ollama pull qwen3". It has: a, b'
REFUSALS = [
    ("what", None, "MODEL=what: say ollama:NAME, openai:NAME, anthropic:NAME, bedrock:ID or tiny"),
    ("anthropic:claude", None, "MODEL=anthropic:claude needs ANTHROPIC_API_KEY in the environment"),
    ("ollama:qwen3", None, NOTHING),
    ("openai:gpt-5", reply({}, 401), "{url} refuses the key in OPENAI_API_KEY"),
    ("openai:gpt-5", reply({}, 403), "{url} refuses the key in OPENAI_API_KEY"),
    ("ollama:qwen3", reply({"data": [{"id": "b"}, {"id": "a"}]}), NO_QWEN),
]


@pytest.mark.parametrize("target", ["up", "serve"])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_unusable_model_ends_make_with_one_line(
    upstream, unused_url, tmp_path, target, refusal
) -> None:
    choice, answer, line = refusal
    upstream.then(answer or reply({}))
    url = upstream.url if answer else unused_url
    urls = {"OPENAI_BASE_URL": url, "OLLAMA_BASE_URL": url, "ANTHROPIC_API_KEY": ""}

    child = type_make(tmp_path, target, choice, OPENAI_API_KEY=KEY, **urls)

    printed, of_make = wait_for_end(child).splitlines()
    assert printed == line.format(url=url)
    assert re.fullmatch(rf"make: \*\*\* \[Makefile:\d+: {target}\] Error 1", of_make)
    assert not (tmp_path / "stack.json").exists()


def test_silent_endpoint_is_named_while_make_waits_for_it(upstream, tmp_path) -> None:
    upstream.then(never_respond)
    child = type_make(tmp_path, "up", "ollama:qwen3", OLLAMA_BASE_URL=upstream.url)

    child.expect_exact(f"asking {upstream.url}…")

    erased = wait_for_end(child)
    assert erased.startswith("\r\x1b[K" + NOTHING.format(url=upstream.url))


def test_interrupted_server_ends_with_its_model(tmp_path) -> None:
    child = type_make(tmp_path, "serve", "tiny")
    child.expect("starting the model…")
    child.expect("ready http")
    url = json.loads((tmp_path / "stack.json").read_text())["model"]["baseUrl"]
    assert is_listening(url)

    child.sendintr()

    assert "Traceback" not in wait_for_end(child)
    assert not is_listening(url)


def read_everything(terminal: Terminal) -> Iterator[tuple[str, bytes]]:
    """Yield what the stack writes, prints and shows to other users, each with its place."""
    for folder in (terminal.file.parent, ROOT / ".local"):
        for file in (each for each in folder.rglob("*") if each.is_file()):
            try:
                yield str(file), file.read_bytes()
            except FileNotFoundError:
                continue  # a stack has just removed it
    for pid in terminal.tree:
        yield f"command line of {pid}", Path(f"/proc/{pid}/cmdline").read_bytes()
    yield "terminal", "".join(terminal.output).encode()
    description = terminal.description
    with closing(
        create_session().client("dynamodb", endpoint_url=description["awsEndpointUrl"])
    ) as dynamodb:
        for table in dynamodb.list_tables()["TableNames"]:
            yield f"table {table}", json.dumps(dynamodb.scan(TableName=table)["Items"]).encode()


def test_model_answers_and_its_key_stays_in_memory(upstream, tmp_path: Path) -> None:
    unlisted = reply({"error": "not found"}, 404)
    upstream.then(answer_as("gpt-5-2026-08-07", "Fine", models=unlisted))
    url = f"{upstream.url}/v1"
    variables = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY}
    with make_up(tmp_path, variables=["MODEL=openai:gpt-5"], **variables) as first:
        first.wait_for("ready", seconds=START_TIMEOUT_S)
        host = url.removeprefix("http://").removesuffix("/v1")
        first.wait_for(f"Agents: gpt-5 (openai, {host}), Echo, Second echo, Far echo")
        description = first.description
        assert description["model"] == {"kind": "openai", "name": "gpt-5", "baseUrl": url}
        api = Api(description["baseUrl"], description["messaging"]["apiKey"], "demo")

        job = api.until(api.create("How are you?"))

        assert job["agentId"] == AGENT
        assert job["expiresAt"] - job["createdAt"] == 120_000
        assert job["result"]["message"]["content"] == "Fine"
        assert job["result"]["message"]["metadata"] == {
            "model": "gpt-5-2026-08-07",
            "usage": {"inputTokens": 12, "outputTokens": 3},
        }
        assert upstream.received[-1].headers["authorization"] == f"Bearer {KEY}"
        [model, *_] = api.get("/api/agents").json["data"]["agents"]
        assert (model["id"], model["name"], model["bio"]) == (
            AGENT, "gpt-5", f"openai gpt-5, at {host}",
        )  # fmt: skip
        memory = first.file.with_suffix(".memory.json")
        eventually(memory.read_text, lambda text: "/agents/far-echo" in text and AGENT in text)
        assert [place for place, content in read_everything(first) if KEY.encode() in content] == []

    first.file.with_name("registry.yaml").write_text(ON_BEDROCK)
    with make_up(tmp_path, variables=["MODEL=tiny"]) as second:
        second.wait_for("starting the model…")
        second.wait_for("ready", seconds=START_TIMEOUT_S)
        second.wait_for("registry.yaml is not applied. Provider bedrock (Cloudy) needs")
        tiny = second.description["model"]
        api = Api(second.description["baseUrl"], api.key, "demo")
        names = [each["name"] for each in api.get("/api/agents").json["data"]["agents"]]
        assert names == [tiny["name"], "Echo", "Second echo", "Far echo"]
        tree = second.tree
        assert any("local.models.tiny_server" in command for command in tree.values())

        os.kill(second.stack_pid, signal.SIGKILL)

        second.process.wait(STOP_TIMEOUT_S)
        assert has_left_nothing(tree, [tiny["baseUrl"]])
        assert not [*(tmp_path / "tmp").iterdir()]


def test_server_answers_with_model_while_it_is_chosen(upstream, tmp_path: Path) -> None:
    listed = reply({"data": [{"id": "gpt-5"}]})
    upstream.then(answer_as("gpt-5-2026-08-07", "Fine", models=listed))
    variables = {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": KEY}
    with run_server(tmp_path, MODEL="openai:gpt-5", **variables) as (server, process):
        api = Api(server.base_url, server.api_key, "demo")

        job = api.until(api.create("How are you?"))

        assert job["result"]["message"]["metadata"]["model"] == "gpt-5-2026-08-07"
        assert upstream.received[-1].headers["authorization"] == f"Bearer {KEY}"
        assert server.seeded["model"]["kind"] == "openai"
        about = server.seeded["docsAgents"]
        docs = DocsApi(server.base_url, "demo", about["projectId"], about["apiKey"])
        assert '0:"Fine"\n' in write(docs, "Write about tides").pieces
        asked = upstream.received[-1]
        assert (asked.body["model"], asked.headers["authorization"]) == ("gpt-5", f"Bearer {KEY}")
        assert asked.body["tools"]
        assert "Agents: gpt-5 (openai, 127.0.0.1:" in process.log.read_text()
        files = [file for file in tmp_path.rglob("*") if file.is_file()]
        assert [file for file in files if KEY.encode() in file.read_bytes()] == []
        assert not [command for _, _, command in processes() if KEY in command]

        upstream.shutdown()
        upstream.server_close()
        job = api.until(api.create("Are you still there?"))
        assert (job["status"], job["error"]) == ("failed", "The agent's provider is not available")
        assert api.health()["healthy"]

    with run_server(tmp_path) as (server, _):
        api = Api(server.base_url, server.api_key, "demo")
        names = [each["name"] for each in api.get("/api/agents").json["data"]["agents"]]
    assert names == ["Echo", "Second echo", "Far echo"]
    assert "model" not in server.seeded


def test_bedrock_is_reached_with_the_key_and_the_rest_is_emulated(
    upstream, tmp_path, monkeypatch
) -> None:
    """Its certificate is the test's own, so the functions have to learn it."""
    raw = START + text("Fine") + stop("end_turn")
    upstream.then(reply(raw, Content_Type=EVENT_STREAM))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(secure(upstream, tmp_path)))
    inherited = (*ministack.INHERITED_VARIABLES, "AWS_CA_BUNDLE")
    monkeypatch.setattr(ministack, "INHERITED_VARIABLES", inherited)
    url = upstream.url.replace("http", "https")
    model = Model(choice="bedrock:m", kind="bedrock", name="m", base_url=url, key=KEY)
    with run_stack(model=model, with_docks=False) as stack:
        api = Api(stack.base_url, stack.api_key, "demo")

        job = api.until(api.create("How are you?"))

        assert job["result"]["message"]["metadata"]["model"] == "m"
        assert upstream.only.headers["authorization"] == f"Bearer {KEY}"
        table = stack.outputs["RegistryTableName"]
        with closing(
            create_session().client("dynamodb", endpoint_url=stack.aws_endpoint_url)
        ) as dynamodb:
            [agent, *_] = DynamoAgents(dynamodb, table, lambda: 0).agents("demo")
        assert (agent.id, agent.provider) == (AGENT, "bedrock")
        assert KEY not in stack.folder.joinpath("ministack.log").read_text()
