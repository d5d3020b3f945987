"""`make sam-local`: what can be told without Docker, and the whole of it where Docker runs."""

import json
import os
import shutil
import socket
import subprocess
import sys
from threading import Thread

import pytest

from local.paths import ROOT
from local.sam_local import NO_DOCKER, docker, door, failure


def run_it(**changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local.sam_local"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'layers/jobs'}"} | changes,
        check=False,
        capture_output=True,
        text=True,
    )


def test_without_docker_it_says_what_is_missing_in_one_line(tmp_path) -> None:
    ran = run_it(PATH=str(tmp_path))

    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"{NO_DOCKER}\n")


def test_with_docker_every_function_answers() -> None:
    if not shutil.which("docker") or docker("info").returncode:
        pytest.skip("no Docker engine runs here")

    ran = run_it()

    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(("answer", "why"), [
    ("", "no answer"),
    ("Function 'F' timed out after 10 seconds", "no answer"),
    ('{"errorMessage": "no", "errorType": "KeyError", "stackTrace": []}', "KeyError: no"),
    ('{"errorMessage": "killed"}', "error: killed"),
    ('{"statusCode": 500, "headers": {}, "body": "oh"}', "500 oh"),
    ('{"batchItemFailures": [{"itemIdentifier": "1"}]}', "the batch's records failed"),
])  # fmt: skip
def test_a_function_that_failed_is_told_by_its_answer(answer, why) -> None:
    assert failure(answer) == why


@pytest.mark.parametrize("answer", [
    None, {"statusCode": 201, "headers": {}, "body": "{}"}, {"batchItemFailures": []},
    {"ended": True},
])  # fmt: skip
def test_a_function_that_answered_did_not_fail(answer) -> None:
    assert failure(json.dumps(answer)) is None


def test_containers_get_through_the_door_to_the_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as inside:
        opened = door("127.0.0.1", inside.getsockname()[1])
        with opened:
            Thread(target=opened.serve_forever, daemon=True).start()
            with socket.create_connection(opened.server_address) as outside:
                accepted, _ = inside.accept()
                with accepted:
                    outside.sendall(b"ping")
                    outside.shutdown(socket.SHUT_WR)
                    heard = accepted.makefile("rb").read()
                    accepted.sendall(b"pong")
                said = outside.makefile("rb").read()
            opened.shutdown()

    assert (heard, said) == (b"ping", b"pong")
