"""Parts that the operators' commands share: options, the deployed stack, errors."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.cloud.aws import create_session
from local.kit.network import is_responding
from scripts.samconfig import SamConfig, SamConfigError

CONFIG = Path(__file__).parents[1] / "samconfig.toml"
STACK_ERRORS = (SamConfigError, BotoCoreError, ClientError)
"""What `connect` and the clients of its session raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A deployed stack, and a session in its region."""

    name: str
    region: str
    session: boto3.Session
    outputs: Mapping[str, str]


def create_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser; the first line of the module's docstring describes the command."""
    return argparse.ArgumentParser(description=(description or "").splitlines()[0])


def create_stack_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that name a stack; the default is that of a stage."""
    parser = create_parser(description)
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--stage", default="dev")
    parser.add_argument("--stack", default="")
    parser.add_argument("--region", default="")
    parser.add_argument("--running", type=Path, help="the stack.json of a local stack, if any runs")
    return parser


def locate(options: argparse.Namespace) -> tuple[str, str]:
    """Return the name and the region of the stack that the options name.

    The region is that of the stack's stage in samconfig.toml. Other stacks are in the region of the
    AWS settings. Raises `SamConfigError`.
    """
    config = SamConfig.read(options.config)
    name = options.stack or config.settings(options.stage).stack
    stated = config.find(name)
    region = options.region or (stated.region if stated else boto3.Session().region_name)
    if not region:
        raise SamConfigError(f"which region is the stack {name!r} in? Add REGION=…")
    return name, region


def connect(options: argparse.Namespace) -> Stack:
    """Find the local stack that runs, or the deployed one of the options, and print where it is.

    Raises:
        SamConfigError: The options and samconfig.toml name no stack or region.
        ClientError: The stack does not exist.

    """
    if running := read_running(options):
        session, name = create_session(), str(running["stackName"])
        os.environ["AWS_ENDPOINT_URL"] = str(running["awsEndpointUrl"])
        region, place = session.region_name, f"{running['baseUrl']}, the one of `make up`"
        print(f"Stack {name} at {place}. STAGE=dev names that on AWS", file=sys.stderr, flush=True)
    else:
        name, region = locate(options)
        session = boto3.Session(region_name=region)
        account = session.client("sts").get_caller_identity()["Account"]
        print(f"Stack {name} in {region}, account {account}", file=sys.stderr, flush=True)
    [found] = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    return Stack(name=name, region=region, session=session, outputs=outputs)


def read_running(options: argparse.Namespace) -> Mapping[str, object] | None:
    """Return the description of the local stack that `make up` runs, if any.

    Raises:
        SamConfigError: It has been killed, and its description is still there.

    """
    file: Path | None = options.running
    if file is None or not file.exists():
        return None
    description: Mapping[str, object] = json.loads(file.read_text())
    if not is_responding(str(description["baseUrl"])):
        raise SamConfigError(
            f"{file} is of a stack that has ended: start it again with `make up`, or name a stack"
            " on AWS, for example with STAGE=dev"
        )
    if description["awsEndpointUrl"] is None:
        raise SamConfigError(
            f"{file} is of `make serve`, which has no stack: use the admin API, `sortie-server`, or"
            " name a stack on AWS, for example with STAGE=dev"
        )
    return description


def fail(command: str, message: str) -> int:
    """Print an error, and return the command's exit status."""
    print(f"{command}: {message}", file=sys.stderr)
    return 1
