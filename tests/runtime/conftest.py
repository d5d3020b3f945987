"""Run built functions with Lambda's own runtime client, and with nothing but their layers.

The runtime interface emulator of aws-sam-cli serves the Runtime API to them.
"""

import http.client
import json
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from local.cloud.aws import CREDENTIALS
from local.cloud.build import LOCAL, read_lock
from local.cloud.template import find_layer_folders, load_template
from local.kit.network import find_free_port
from local.kit.paths import TOOLS
from local.sam_local.invocations import Invocation, prepare_invocations

MACHINE = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
EMULATOR = (
    TOOLS / "sam/lib/python3.13/site-packages/samcli/local/rapid" / f"aws-lambda-rie-{MACHINE}"
)
PYTHON = TOOLS / "runtime/bin/python"
INVOKE = "/2015-03-31/functions/function/invocations"


@pytest.fixture(scope="session")
def built(stack) -> Iterator[Path]:
    """Return the build that the stack was deployed from; no other process rebuilds it meanwhile."""
    with read_lock(LOCAL):
        yield LOCAL.folder


@pytest.fixture(scope="session")
def layer(built) -> Path:
    return built / "JobsLayer/python"


@pytest.fixture(scope="session")
def invoked(stack, built) -> dict[str, Invocation]:
    return {each.function: each for each in prepare_invocations(stack)}


@pytest.fixture
def run(stack, built, invoked, tmp_path) -> Iterator[Callable[..., Any]]:
    """Invoke a built function on its event; show its log if the test fails."""
    if sys.platform != "linux":
        pytest.skip("the interface emulator is a program for Linux")
    resources = load_template(built / "template.yaml")["Resources"]
    processes: list[subprocess.Popen[bytes]] = []
    log = tmp_path / "function.log"

    def invoke(name: str, event: str | None = None, **changes: str) -> Any:
        each, port = invoked[name], find_free_port()
        task = (built / resources[name]["Properties"]["CodeUri"]).resolve()
        environment = each.variables | CREDENTIALS | {
            "AWS_ENDPOINT_URL": stack.aws_endpoint_url,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "30",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "LAMBDA_TASK_ROOT": str(task),
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": ":".join(map(str, [task, *find_layer_folders(built, name)])),
            "_HANDLER": each.handler,
        }  # fmt: skip
        command = [
            *(EMULATOR, "--log-level", "error"),
            *("--runtime-api-address", f"127.0.0.1:{find_free_port()}"),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
            *(PYTHON, "-m", "awslambdaric", each.handler),
        ]
        with log.open("ab") as out:
            processes.append(
                subprocess.Popen(
                    command, env=environment | changes, cwd=task, stdout=out, stderr=out
                )
            )
        wait_for(port, processes[-1])
        return post(port, each.event if event is None else event)

    yield invoke
    for process in processes:
        stop(process)
    sys.stderr.write(log.read_text() if log.exists() else "")


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    pytest.fail("the interface emulator did not start")


def post(port: int, event: str) -> Any:
    """Return the function's answer; the emulator's own status adds nothing."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("POST", INVOKE, event.encode())
        return json.loads(connection.getresponse().read())


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
