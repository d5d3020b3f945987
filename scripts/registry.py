"""Write a tenant's agents, drones, projects and new API keys to a deployed stack.

usage: make registry FILE=registry.yaml [ADMIN_KEY=…] [STAGE=dev|prod] [STACK=…] [REGION=…]

Prints the projects whose git host or GitHub repository refuses our credentials or has moved.
Creates or replaces agents, device groups, devices, missions, projects and webhooks by id, and
removes none. Creates the keys whose names the tenant does not have, and shows each once. A second
run changes nothing. ADMIN_KEY=… creates a key of the admin API of this name, unless there is one.
"""

import os
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from yaml import YAMLError

from jobs.admin.errors import IdTakenError
from jobs.docs.entries import to_project
from jobs.kit.aws.secrets import SecretsManager
from jobs.kit.clock import now
from jobs.messaging.errors import FunctionRefusedError
from jobs.missions.adapters.group_claims import claim_groups
from jobs.missions.errors import GroupTakenError
from scripts.command import (
    STACK_ERRORS,
    Stack,
    connect,
    create_stack_parser,
    fail,
    read_running,
)
from scripts.registry_file import NO_BEDROCK, RegistryFile
from scripts.registry_load import (
    check_agents,
    create_admin_key,
    create_keys,
    find_missing_keys,
    load,
    open_registry,
)


def main() -> int:  # noqa: PLR0911 - one for each error
    parser = create_stack_parser(__doc__)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--admin-key", default="")
    options = parser.parse_args()
    if not (options.file or options.admin_key):
        return _fail("name a file with FILE=…, or a key of the admin API with ADMIN_KEY=…")
    try:
        file = options.file and RegistryFile.read(options.file, os.environ)
    except FileNotFoundError:
        return _fail(f"{options.file} does not exist: name a file with FILE=…")
    except KeyError as error:
        return _fail(f"{options.file} uses ${{{error.args[0]}}}, which is not set")
    except (ValueError, YAMLError) as error:  # pydantic's errors are ValueErrors, too
        return _fail(f"{options.file} is invalid:\n{error}")
    try:
        if file and (names := find_refused(file, options)):
            return _fail(NO_BEDROCK.format(names=", ".join(names)))
        stack = connect(options)
        if file:
            _write(file, stack)
        if options.admin_key:
            _print_admin_key(options.admin_key, stack)
    except KeyError as error:
        return _fail(f"the stack has no output {error}: run `make deploy`")
    except (*STACK_ERRORS, FunctionRefusedError, GroupTakenError, IdTakenError) as error:
        return _fail(str(error))
    return 0


def find_refused(file: RegistryFile, options: Namespace) -> Sequence[str]:
    """Return the agents and projects on Bedrock, if the stack is a local one without it."""
    running = read_running(options)
    model: Any = running.get("model") if running else None
    has_bedrock = running is None or (model or {}).get("kind") == "bedrock"
    return [] if has_bedrock else file.names_on_bedrock()


def _write(file: RegistryFile, stack: Stack) -> None:
    check_agents(file, stack=stack.name)
    groups = [group.id for group in file.deviceGroups]
    claim_groups(stack.session.client("iot"), stack.name, groups)
    registry = open_registry(stack.session.client("dynamodb"), stack.outputs)
    outcomes = load(file, registry, stack=stack.name)
    counts = Counter(outcomes.values())
    print(
        f"{file.tenant} in {stack.name}: {counts['created']} entries created,"
        f" {counts['changed']} changed, {counts['unchanged']} left as they are"
    )
    for entry, outcome in outcomes.items():
        if outcome != "unchanged":
            print(f"  {outcome} {entry}")
    for name, key in create_keys(find_missing_keys(file, registry), registry).items():
        print(f"API key {name!r}, shown only once: {key}")
    _print_problems(file, stack)


def _print_admin_key(name: str, stack: Stack) -> None:
    registry = open_registry(stack.session.client("dynamodb"), stack.outputs)
    if key := create_admin_key(registry, name):
        print(f"admin key {name!r}, shown only once: {key}")
    else:
        print(f"admin key {name!r} exists; rotate it with the admin API")


def _print_problems(file: RegistryFile, stack: Stack) -> None:
    """Warn of projects that do not work: they have been written, and may work later."""
    if not file.projects:
        return
    # The local stack imports this module, and needs no git client.
    from scripts.registry_check import find_problems  # noqa: PLC0415

    secrets = SecretsManager(stack.session.client("secretsmanager"), now)
    for problem in find_problems((to_project(file.tenant, p) for p in file.projects), secrets):
        print(f"registry: {problem}", file=sys.stderr)


def _fail(message: str) -> int:
    return fail("registry", message)


if __name__ == "__main__":
    sys.exit(main())
