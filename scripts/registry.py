"""Write a tenant's agents and new API keys to a deployed stack.

usage: make registry FILE=registry.yaml STACK=sortie-dev

Agents are replaced by id; none is removed (set `active: false`). Each key is
made anew, shown once, and kept as a hash only.
"""

import argparse
import os
import sys
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from yaml import YAMLError

from jobs.adapters.dynamodb.registry import DynamoRegistry
from jobs.services.authenticate import new_key
from scripts.registry_file import RegistryFile, to_agent


def load(file: RegistryFile, registry: DynamoRegistry) -> dict[str, str]:
    """Write the file's agents; return its new keys by name."""
    for entry in file.agents:
        registry.put_agent(file.tenant, to_agent(entry))
    made = {}
    for name in file.keys:
        made[name], kept = new_key(file.tenant)
        registry.put_key(kept)
    return made


def registry_of(stack: str) -> DynamoRegistry:
    """Find the registry table of a deployed stack. Raises `ClientError` if there is none."""
    [found] = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in found["Outputs"]}
    return DynamoRegistry(boto3.client("dynamodb"), outputs["RegistryTableName"], lambda: 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--stack", required=True)
    options = parser.parse_args()
    try:
        file = RegistryFile.read(options.file, os.environ)
        made = load(file, registry_of(options.stack))
    except FileNotFoundError:
        return _fail(f"there is no {options.file}; name one with FILE=…")
    except KeyError as error:
        return _fail(f"{options.file} uses ${{{error.args[0]}}}, which is not set")
    except (ValueError, YAMLError) as error:  # pydantic's errors are ValueErrors too
        return _fail(f"{options.file} is not right:\n{error}")
    except (BotoCoreError, ClientError) as error:
        return _fail(f"stack {options.stack!r}: {error}")
    print(f"{len(file.agents)} agents of {file.tenant} are in {options.stack}")
    for name, key in made.items():
        print(f"API key {name!r}, shown this once: {key}")
    return 0


def _fail(message: str) -> int:
    print(f"registry: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
