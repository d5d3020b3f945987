"""The programs of docs/how-to/own-agent.md answer messages."""

import os
import re
import signal
import subprocess
from uuid import uuid4

import pytest

from jobs.messaging.agent import Agent
from local.kit.paths import ROOT
from tests.conftest import find_node
from tests.e2e.agent_workers.worker_processes import starting_workers
from tests.e2e.on_server import Operator, add_tenant
from tests.shared_stack import find_server

PAGE = (ROOT / "docs/how-to/own-agent.md").read_text()


def code(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def office():
    stack = find_server()
    agent = Agent(id=str(uuid4()), name="Mine", provider="worker")
    api = add_tenant(stack, agent)
    return api, agent.id, Operator(stack).make_key(api.tenant, api="workers", agents=[agent.id])


def ask(api) -> str:
    return str(api.until(api.create("Hello"))["result"]["message"]["content"])


def test_python_function_of_the_page_answers(office, tmp_path) -> None:
    api, agent, key = office
    with starting_workers(tmp_path, api.base_url, key, agent, code("python")) as start:
        worker = start()

        assert ask(api) == "You said Hello"
        assert worker.end(signal.SIGTERM) == 0


def test_node_program_of_the_page_answers(office, tmp_path) -> None:
    api, agent, key = office
    program = tmp_path / "worker.mjs"
    program.write_text(code("js"))
    environment = {"SORTIE_BASE_URL": api.base_url, "SORTIE_WORKER_KEY": key, "AGENT": agent}
    with subprocess.Popen([find_node(), program], env=os.environ | environment) as node:
        try:
            assert ask(api) == "You said Hello"
        finally:
            node.kill()
