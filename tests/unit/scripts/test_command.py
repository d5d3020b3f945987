"""Which stack a command talks to."""

import json
import os
import subprocess
from types import SimpleNamespace

import pytest

from local.kit.paths import ROOT
from scripts import command
from scripts.command import connect, create_stack_parser, locate
from scripts.samconfig import SamConfig, SamConfigError

CONFIG = """\
[dev.global.parameters]
stack_name = "mine"
region = "us-west-2"
[dev.deploy.parameters]
[prod.global.parameters]
stack_name = "ours"
region = "ap-south-1"
[prod.deploy.parameters]
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return the stack and region that these options name."""
    file = tmp_path / "samconfig.toml"
    file.write_text(CONFIG)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    parser = create_stack_parser("A command.")
    return lambda *options: locate(parser.parse_args(["--config", str(file), *options]))


@pytest.mark.parametrize(("options", "expected"), [
    ([], ("mine", "us-west-2")),
    (["--stage", "prod"], ("ours", "ap-south-1")),
    (["--stack", "ours"], ("ours", "ap-south-1")),
    (["--stack", "other"], ("other", "eu-north-1")),
    (["--region", "sa-east-1"], ("mine", "sa-east-1")),
    (["--stack", "", "--region", ""], ("mine", "us-west-2")),
], ids=str)  # fmt: skip
def test_options_name_the_stack_and_region_of_samconfig(place, options, expected) -> None:
    assert place(*options) == expected


def test_stack_without_a_region_is_explained(place, monkeypatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")

    with pytest.raises(SamConfigError, match="REGION="):
        place("--stack", "other")


@pytest.mark.parametrize("target", [
    "deploy", "registry", "payments", "redrive", "webhook-secret",
])  # fmt: skip
def test_each_target_passes_stage_stack_and_region(target) -> None:
    """The Makefile has no default of its own, so samconfig.toml decides."""
    shown = subprocess.run(
        ["make", "--dry-run", "--always-make", target, "STAGE=prod", "REGION=us-east-1"],
        cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert "--stage 'prod' --stack '' --region 'us-east-1'" in shown


@pytest.mark.parametrize(("target", "named", "takes"), [
    *((each, [], True) for each in ("registry", "payments", "redrive")),
    ("webhook-secret", ["STACK_FILE=.local/other.json"], True),
    *(("registry", [each], False) for each in ("STAGE=dev", "STACK=mine", "REGION=us-east-1")),
])  # fmt: skip
def test_target_without_a_named_stack_takes_the_running_one(target, named, takes) -> None:
    shown = subprocess.run(
        ["make", "--dry-run", "--always-make", target, *named],
        cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert ("--running '.local/" in shown) == takes


@pytest.fixture
def running(tmp_path, monkeypatch):
    """The description of a running stack."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    monkeypatch.setattr(command, "is_responding", lambda _: True)
    file = tmp_path / "stack.json"
    urls = {"baseUrl": "http://127.0.0.1:8080", "awsEndpointUrl": "http://127.0.0.1:4566"}
    file.write_text(json.dumps({"stackName": "sortie", **urls}))
    return ["--running", str(file)]


def test_running_stack_is_connected_to_and_named(running, monkeypatch, capsys) -> None:
    stacks = {"Stacks": [{"Outputs": [{"OutputKey": "Table", "OutputValue": "t"}]}]}
    cloudformation = SimpleNamespace(describe_stacks=lambda StackName: stacks)  # noqa: N803
    session = SimpleNamespace(client=lambda _: cloudformation, region_name="eu-central-1")
    monkeypatch.setattr(command, "create_session", lambda: session)

    stack = connect(create_stack_parser("A command.").parse_args(running))

    assert (stack.name, stack.outputs) == ("sortie", {"Table": "t"})
    assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert "http://127.0.0.1:8080" in capsys.readouterr().err


def test_killed_stack_is_not_taken_for_a_running_one(running, monkeypatch) -> None:
    monkeypatch.setattr(command, "is_responding", lambda _: False)

    with pytest.raises(SamConfigError, match="has ended"):
        connect(create_stack_parser("A command.").parse_args(running))


def test_every_stage_of_samconfig_has_a_region() -> None:
    config = SamConfig.read(ROOT / "samconfig.toml")

    assert {config.settings(stage).region for stage in ("dev", "prod")} == {"eu-central-1"}


def test_command_says_which_stack_in_which_region_and_account(
    tmp_path, monkeypatch, capsys
) -> None:
    file = tmp_path / "samconfig.toml"
    file.write_text(CONFIG)
    stacks = {"Stacks": [{"Outputs": [{"OutputKey": "Table", "OutputValue": "t"}]}]}
    clients = {
        "sts": SimpleNamespace(get_caller_identity=lambda: {"Account": "123456789012"}),
        "cloudformation": SimpleNamespace(describe_stacks=lambda StackName: stacks),  # noqa: N803
    }
    monkeypatch.setattr("boto3.Session", lambda **_: SimpleNamespace(client=clients.get))

    stack = connect(create_stack_parser("A command.").parse_args(["--config", str(file)]))

    assert (stack.name, stack.region, stack.outputs) == ("mine", "us-west-2", {"Table": "t"})
    assert capsys.readouterr().err == "Stack mine in us-west-2, account 123456789012\n"
