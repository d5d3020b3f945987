"""Parts that the operators' commands share: options, a stack's outputs, errors."""

import argparse
import sys

import boto3


def create_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser; the first line of the module's docstring describes the command."""
    return argparse.ArgumentParser(description=(description or "").splitlines()[0])


def read_outputs(stack: str) -> dict[str, str]:
    """Return the outputs of a deployed stack.

    Raises:
        ClientError: The stack does not exist.

    """
    [found] = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}


def fail(command: str, message: str) -> int:
    """Print an error, and return the command's exit status."""
    print(f"{command}: {message}", file=sys.stderr)
    return 1
