"""Write a tenant's agents, drones, projects and new API keys to a deployed stack.

usage: make registry FILE=registry.yaml [STAGE=dev|prod] [STACK=…] [REGION=…]

Replaces agents, device groups, devices, missions, projects and webhooks by id, and removes none
(set an agent's or a webhook's `active: false`). Creates each key anew, shows it once, and stores
its hash only.
"""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from yaml import YAMLError

from jobs.auth.authenticate import new_key
from jobs.docs import docs_job as docs
from jobs.docs.adapters.dynamodb.projects import DynamoProjects
from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.errors import IdTakenError
from jobs.webhooks.adapters.subscriptions import DynamoSubscriptions
from scripts.command import STACK_ERRORS, connect, create_stack_parser, fail
from scripts.registry_docs import to_project
from scripts.registry_file import RegistryFile, to_agent, to_group, to_plan
from scripts.registry_groups import GroupTakenError, claim_groups
from scripts.registry_table import RegistryTable
from scripts.registry_webhooks import to_subscription

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Registries:
    """The registries in a stack's table."""

    table: RegistryTable
    fleet: DynamoFleetRegistry
    projects: DynamoProjects
    webhooks: DynamoSubscriptions

    @classmethod
    def open(cls, client: "DynamoDBClient", table: str) -> Self:
        return cls(
            RegistryTable(client, table, epoch),
            DynamoFleetRegistry(client, table, epoch),
            DynamoProjects(client, table, epoch),
            DynamoSubscriptions(client, table, epoch),
        )


def epoch() -> int:
    """A clock for registries that only write."""
    return 0


def load(file: RegistryFile, registries: Registries) -> dict[str, str]:
    """Write the file's entries; return its new keys by name.

    Raises:
        IdTakenError: A device or a group belongs to another tenant.

    """
    for group in file.deviceGroups:
        registries.fleet.put_group(to_group(file.tenant, group))
    for mission in file.missions:
        registries.fleet.put_plan(file.tenant, to_plan(mission))
    for project in file.projects:
        registries.projects.put_project(to_project(file.tenant, project))
    for webhook in file.webhooks:
        registries.webhooks.put(to_subscription(file.tenant, webhook))
    for agent in file.agents:
        registries.table.put_agent(file.tenant, to_agent(agent))
    keys = {}
    for name in file.keys:
        keys[name], record = new_key(file.tenant)
        registries.table.put_key(record)
    now = time.time_ns() // 1_000_000
    for entry in file.docsKeys:
        keys[entry.name], record = new_key(
            file.tenant,
            opens=docs.KIND,
            scopes=entry.scopes,
            expires_at=now + entry.expiresInDays * _DAY_MS if entry.expiresInDays else None,
        )
        registries.table.put_key(record)
    return keys


def main() -> int:
    parser = create_stack_parser(__doc__)
    parser.add_argument("--file", type=Path, required=True)
    options = parser.parse_args()
    try:
        file = RegistryFile.read(options.file, os.environ)
        stack = connect(options)
        groups = [group.id for group in file.deviceGroups]
        claim_groups(stack.session.client("iot"), stack.name, groups)
        client = stack.session.client("dynamodb")
        keys = load(file, Registries.open(client, stack.outputs["RegistryTableName"]))
    except FileNotFoundError:
        return _fail(f"{options.file} does not exist: name a file with FILE=…")
    except KeyError as error:
        return _fail(f"{options.file} uses ${{{error.args[0]}}}, which is not set")
    except (ValueError, YAMLError) as error:  # pydantic's errors are ValueErrors, too
        return _fail(f"{options.file} is invalid:\n{error}")
    except (*STACK_ERRORS, GroupTakenError, IdTakenError) as error:
        return _fail(str(error))
    devices = sum(len(group.devices) for group in file.deviceGroups)
    print(
        f"{file.tenant} in {stack.name}: {len(file.agents)} agents, {devices} devices in "
        f"{len(file.deviceGroups)} groups, {len(file.missions)} missions, "
        f"{len(file.projects)} projects, {len(file.webhooks)} webhooks"
    )
    for name, key in keys.items():
        print(f"API key {name!r}, shown only once: {key}")
    return 0


def _fail(message: str) -> int:
    return fail("registry", message)


if __name__ == "__main__":
    sys.exit(main())
