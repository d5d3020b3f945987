"""Parts that the operators' commands share: options, the deployed stack, errors."""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

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
    """Find the deployed stack that the options name, and print where it is.

    Raises:
        SamConfigError: The options and samconfig.toml name no stack or region.
        ClientError: The stack does not exist.

    """
    name, region = locate(options)
    session = boto3.Session(region_name=region)
    account = session.client("sts").get_caller_identity()["Account"]
    print(f"Stack {name} in {region}, account {account}", file=sys.stderr, flush=True)
    [found] = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    return Stack(name=name, region=region, session=session, outputs=outputs)


def fail(command: str, message: str) -> int:
    """Print an error, and return the command's exit status."""
    print(f"{command}: {message}", file=sys.stderr)
    return 1
