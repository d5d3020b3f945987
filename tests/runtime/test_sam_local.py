"""`make sam-local` and `sam local`: most without Docker, the invocations with it."""

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
EVENTS = {  # kinds of AWS events that the SAM CLI can generate, and an example of ours
    "apigateway aws-proxy": "messaging/create_job",
    "dynamodb update": "workers/dispatch_jobs",
    "sqs receive-message": "workers/run_agent_job",
}


def run_command(**changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local.sam_local.invoke"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'layers/jobs'}"} | changes,
        check=False,
        capture_output=True,
        text=True,
    )


def sam(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the SAM CLI without the tests' settings, and without credentials to verify."""
    return subprocess.run(
        [str(each) for each in arguments],
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **OFFLINE},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory, invoked) -> Path:
    """Write the files that `sam local` needs, without the Lambda Web Adapter's program."""
    folder = tmp_path_factory.mktemp("sam")
    adapter = create_adapter_layer(folder / "adapter")
    write_files(folder, list(invoked.values()), ENDPOINT_URL, adapter)
    return folder


@pytest.fixture(scope="module")
def plan(folder, invoked):
    """Return the containers and routes that `sam local` would create."""
    script = Path(__file__).with_name("sam_cli.py")
    completed = sam(SAM / "python", script, folder / "template.json", *invoked)
    assert completed.returncode == 0, completed.stderr
    return json.loads(completed.stdout)


# ── Without Docker ──────────────────────────────────────────────────────────────


def test_command_without_docker_names_docker_in_one_line(tmp_path) -> None:
    completed = run_command(PATH=str(tmp_path))

    assert completed.returncode == 2
    assert (completed.stdout, completed.stderr) == ("", f"{NO_DOCKER}\n")


@pytest.mark.parametrize("name", ["MessagingCreateJobFunction", "DocsStreamJobFunction"])
def test_sam_cli_without_docker_misses_nothing_else(folder, invoked, name) -> None:
    if is_docker_running():
        pytest.skip("a Docker engine runs here")

    completed = sam(*build_command(invoked[name], folder))

    assert completed.returncode == 1
    [error] = [line for line in completed.stderr.splitlines() if line.startswith("Error: ")]
    assert "requires a container runtime" in error


def test_container_of_each_function_has_its_code(plan, invoked) -> None:
    for name, each in invoked.items():
        script = each.handler if each.is_web_server else f"{to_path(each.handler)}.py"
        assert (Path(plan["containers"][name]["code"]) / script).is_file(), name


def to_path(handler: str) -> str:
    return handler.removesuffix(".lambda_handler").replace(".", "/")


def test_container_of_each_function_has_its_variables(plan, invoked) -> None:
    for name, each in invoked.items():
        environment = plan["containers"][name]["environment"]
        assert environment.items() >= each.variables.items(), name
        assert environment["AWS_ENDPOINT_URL"] == ENDPOINT_URL


def test_container_of_each_function_has_local_layers(plan, invoked, folder, built) -> None:
    for name, each in invoked.items():
        layers = [Path(layer) for layer in plan["containers"][name]["layers"]]
        assert layers[0] == built / "JobsLayer"
        assert all(layer.is_dir() for layer in layers)
        assert (folder / "adapter" in layers) == each.is_web_server, name


def test_container_of_a_web_server_starts_its_script_on_a_free_port(plan, invoked, folder) -> None:
    servers = {name: each for name, each in invoked.items() if each.is_web_server}

    assert servers
    assert os.access(folder / "adapter/bootstrap", os.X_OK)
    for name in servers:
        environment = plan["containers"][name]["environment"]
        assert environment["AWS_LAMBDA_EXEC_WRAPPER"] == "/opt/bootstrap"
        assert environment["AWS_LWA_PORT"] != "8080"  # the container's own port


def test_sam_cli_api_has_the_templates_routes(plan) -> None:
    routes = {
        (name, event["Properties"]["Method"], event["Properties"]["Path"])
        for name, each in load_template(ROOT / "template.yaml")["Resources"].items()
        if each["Type"] == "AWS::Serverless::Function"
        for event in each["Properties"].get("Events", {}).values()
        if event["Type"] == "Api"
    }

    mounted = {tuple(route) for route in plan["routes"] if route[1] != PREFLIGHT}

    assert mounted == routes


@pytest.mark.parametrize(("kind", "example"), EVENTS.items())
def test_example_event_has_the_fields_that_aws_sends(kind, example) -> None:
    generated = json.loads(sam(SAM / "sam", "local", "generate-event", *kind.split()).stdout)
    event = json.loads((ROOT / f"events/{example}.json").read_text())

    assert first_record(generated).keys() <= first_record(event).keys()


def first_record(event):
    """Return the event, or the first of its records."""
    return event["Records"][0] if "Records" in event else event


# ── With Docker ─────────────────────────────────────────────────────────────────


def test_command_with_docker_invokes_every_function() -> None:
    if not is_docker_running():
        pytest.skip("no Docker engine runs here")

    completed = run_command()

    assert completed.returncode == 0, completed.stdout + completed.stderr
