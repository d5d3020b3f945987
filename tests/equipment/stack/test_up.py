"""`make up`, as a developer runs it."""

import os
import re
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.api import Api
from tests.equipment.stack.terminals import (
    START_TIMEOUT_S,
    STOP_TIMEOUT_S,
    WORKERS,
    has_left_nothing,
    is_listening,
    make_up,
)


def docs_headers(description: Mapping[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {description['docsAgents']['apiKey']}"}


def list_urls(description: Any) -> list[str]:
    broker = "mqtts://{host}:{port}".format(**description["mqtt"])
    return [description["baseUrl"], description["awsEndpointUrl"], broker]


def test_make_up_serves_logs_and_leaves_nothing_after_ctrl_c(tmp_path: Path) -> None:
    with make_up(tmp_path) as terminal:
        url = f"http://127.0.0.1:{terminal.port}"
        assert terminal.wait_for("ready", seconds=START_TIMEOUT_S) == f"ready {url}\n"
        description = terminal.description
        assert description.keys() == {
            *("stackName", "baseUrl", "webSocketUrl", "awsEndpointUrl", "mqtt"),
            *("tenant", "eventBusName", "messaging", "missions", "docsAgents", "webhooks"),
            "admin",
        }
        assert description["baseUrl"] == url
        api = Api(url, description["messaging"]["apiKey"], "demo")

        job_id = api.create("Good morning")

        assert api.until(job_id)["status"] == "completed"
        for function in ("MessagingCreateJob", "DispatchJobs", "RunAgentJob", "PublishEvents"):
            terminal.wait_for(function, job_id)
        terminal.wait_for("docks", "dock-1: connected")
        answer = api.send("GET", "/v1/agent/x/job/x/stream", headers=docs_headers(description))
        assert answer.status == 404
        terminal.wait_for("DocsStreamJob", "404")
        assert "Good morning" not in "".join(terminal.output)
        tree = terminal.tree

        os.killpg(terminal.process.pid, signal.SIGINT)

        terminal.process.wait(STOP_TIMEOUT_S)
        assert has_left_nothing(tree, list_urls(description))
        assert not terminal.file.exists()
        assert not [*(tmp_path / "tmp").iterdir()]
        assert "Traceback" not in "".join(terminal.output)
        terminal.wait_for("stopping")
        log = terminal.file.with_suffix(".log").read_text()
        assert re.search(rf"^\d{{4}}-\S+Z RunAgentJob .*{job_id}$", log, re.MULTILINE)
        for name in ("messaging", "missions", "docsAgents"):
            assert description[name]["apiKey"] not in log + "".join(terminal.output)


def test_killed_make_up_with_payments_leaves_no_process(tmp_path: Path) -> None:
    with make_up(tmp_path, variables=["PAYMENTS=required"]) as terminal:
        terminal.wait_for("ready", seconds=START_TIMEOUT_S)
        description = terminal.description
        url, key = description["baseUrl"], description["messaging"]["apiKey"]
        assert Api(url, None, "nobody").ask().status == 401
        assert Api(url, key, "demo").ask().status == 402
        tree = terminal.tree
        for part in WORKERS:
            assert any(part in command for command in tree.values())

        os.kill(terminal.stack_pid, signal.SIGKILL)

        terminal.process.wait(STOP_TIMEOUT_S)
        assert has_left_nothing(tree, list_urls(description))
        assert not [*(tmp_path / "tmp").iterdir()]


def test_make_up_on_a_taken_port_names_another(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        with make_up(tmp_path, port) as terminal:
            status = terminal.process.wait(START_TIMEOUT_S)
            terminal.wait_for(f"port {port} is taken; try PORT={port + 10} make up")

    assert status != 0
    assert "Traceback" not in "".join(terminal.output)
    assert not terminal.file.exists()


def test_local_stack_listens_on_the_loopback_only(stack) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with suppress(OSError):
            probe.connect(("192.0.2.1", 9))
        address = probe.getsockname()[0]
    if address in {"127.0.0.1", "0.0.0.0"}:  # noqa: S104 - compared, not bound
        pytest.skip("this machine has no other address than the loopback")

    for url in list_urls(stack.description()):
        assert is_listening(url)
        assert not is_listening(url.replace("127.0.0.1", address))
