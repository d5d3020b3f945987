"""`make sam-local` and `sam local`: what can be told without Docker, and the rest where it runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.cloud.template import load_template
from local.kit.paths import ROOT, TOOLS
from local.sam_local.containers import (
    NO_DOCKER,
    create_adapter_layer,
    is_docker_running,
)
from local.sam_local.invocations import write_files
from local.sam_local.invoke import build_command

SAM = TOOLS / "sam/bin"
ENDPOINT_URL = "http://host.docker.internal:4566"
OFFLINE = {"AWS_EC2_METADATA_DISABLED": "true", "SAM_CLI_TELEMETRY": "0"}
PREFLIGHT = "OPTIONS"
EVENTS = {  # what AWS sends, as the SAM CLI knows it, and which of ours are of that kind
    "apigateway aws-proxy": "messaging/create_job",
    "dynamodb update": "workers/dispatch_jobs",
    "sqs receive-message": "workers/run_agent_job",
}


def run_it(**changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local.sam_local.invoke"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'layers/jobs'}"} | changes,
        check=False,
        capture_output=True,
        text=True,
    )


def sam(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Without credentials, as it would ask AWS about them, and the tests' own settings."""
    return subprocess.run(
        [str(each) for each in arguments],
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **OFFLINE},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory, invoked) -> Path:
    """What `sam local` is given, but for the Lambda Web Adapter's program."""
    made = tmp_path_factory.mktemp("sam")
    adapter = create_adapter_layer(made / "adapter")
    write_files(made, list(invoked.values()), ENDPOINT_URL, adapter)
    return made


@pytest.fixture(scope="module")
def seen(folder, invoked):
    """What `sam local` would have Docker do."""
    script = Path(__file__).with_name("sam_cli.py")
    ran = sam(SAM / "python", script, folder / "template.json", *invoked)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


# ── Without Docker ──────────────────────────────────────────────────────────────


def test_without_docker_it_says_what_is_missing_in_one_line(tmp_path) -> None:
    ran = run_it(PATH=str(tmp_path))

    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"{NO_DOCKER}\n")


@pytest.mark.parametrize("name", ["MessagingCreateJobFunction", "DocsStreamJobFunction"])
def test_without_docker_the_sam_cli_misses_nothing_else(folder, invoked, name) -> None:
    if is_docker_running():
        pytest.skip("a Docker engine runs here")

    ran = sam(*build_command(invoked[name], folder))

    assert ran.returncode == 1
    [error] = [line for line in ran.stderr.splitlines() if line.startswith("Error: ")]
    assert "requires a container runtime" in error


def test_each_function_would_find_its_code(seen, invoked) -> None:
    for name, each in invoked.items():
        script = each.handler if each.is_web_server else f"{module(each.handler)}.py"
        assert (Path(seen["containers"][name]["code"]) / script).is_file(), name


def module(handler: str) -> str:
    return handler.removesuffix(".lambda_handler").replace(".", "/")


def test_each_function_would_be_told_all_that_it_is_told_when_deployed(seen, invoked) -> None:
    for name, each in invoked.items():
        told = seen["containers"][name]["environment"]
        assert told.items() >= each.variables.items(), name
        assert told["AWS_ENDPOINT_URL"] == ENDPOINT_URL


def test_each_function_would_have_its_layers_from_this_machine(
    seen, invoked, folder, built
) -> None:
    for name, each in invoked.items():
        layers = [Path(layer) for layer in seen["containers"][name]["layers"]]
        assert layers[0] == built / "JobsLayer"
        assert all(layer.is_dir() for layer in layers)
        assert (folder / "adapter" in layers) == each.is_web_server, name


def test_a_web_server_would_be_started_by_its_script_and_not_where_its_container_listens(
    seen, invoked, folder
) -> None:
    servers = {name: each for name, each in invoked.items() if each.is_web_server}

    assert servers
    assert os.access(folder / "adapter/bootstrap", os.X_OK)
    for name in servers:
        told = seen["containers"][name]["environment"]
        assert told["AWS_LAMBDA_EXEC_WRAPPER"] == "/opt/bootstrap"
        assert told["AWS_LWA_PORT"] != "8080"


def test_the_sam_clis_own_api_would_answer_what_the_template_says(seen) -> None:
    routes = {
        (name, event["Properties"]["Method"], event["Properties"]["Path"])
        for name, each in load_template(ROOT / "template.yaml")["Resources"].items()
        if each["Type"] == "AWS::Serverless::Function"
        for event in each["Properties"].get("Events", {}).values()
        if event["Type"] == "Api"
    }

    mounted = {tuple(route) for route in seen["routes"] if route[1] != PREFLIGHT}

    assert mounted == routes


@pytest.mark.parametrize(("kind", "ours"), EVENTS.items())
def test_an_event_has_what_aws_sends(kind, ours) -> None:
    generated = json.loads(sam(SAM / "sam", "local", "generate-event", *kind.split()).stdout)
    event = json.loads((ROOT / f"events/{ours}.json").read_text())

    assert of_one(generated).keys() <= of_one(event).keys()


def of_one(event):
    """The event, or the first of its records."""
    return event["Records"][0] if "Records" in event else event


# ── With Docker ─────────────────────────────────────────────────────────────────


def test_with_docker_every_function_answers() -> None:
    if not is_docker_running():
        pytest.skip("no Docker engine runs here")

    ran = run_it()

    assert ran.returncode == 0, ran.stdout + ran.stderr
