"""Write a registry file's entries and keys to a stack. A second run changes nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from jobs import kinds
from jobs.admin.api.requests import DAY_MS, admin_key, worker_key
from jobs.admin.audit import Actor
from jobs.admin.manage_entries import ManageEntries, Outcome, list_all
from jobs.admin.manage_keys import ManageKeys, NewKey
from jobs.admin.manage_partners import ManagePartners, NewPartner
from jobs.admin.manage_tenants import ManageTenants
from jobs.admin.ports import Registry
from jobs.admin.tenant import TENANTS
from jobs.auth.adapters.resources import KEYS
from jobs.docs import docs_job as docs
from jobs.docs.entries import to_project
from jobs.kit.clock import now
from jobs.messaging import message
from jobs.messaging.entries import to_agent
from jobs.messaging.errors import FunctionRefusedError
from jobs.messaging.functions import check_function
from jobs.missions.adapters.resources import PARTNERS
from jobs.missions.entries import to_group, to_plan
from jobs.missions.ports import AppClients
from jobs.webhooks.entries import to_subscription
from scripts.registry_file import RegistryFile

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from jobs.admin.adapters.registry import DynamoRegistry

MAKE: Final = Actor(name="make")
"""Who has changed an entry: a command with AWS credentials."""


def open_registry(client: "DynamoDBClient", outputs: Mapping[str, str]) -> "DynamoRegistry":
    from jobs.admin.adapters.registry import DynamoRegistry  # noqa: PLC0415 - the server has none

    return DynamoRegistry(client, outputs["RegistryTableName"], outputs["AuditTableName"])


def load(
    file: RegistryFile, registry: Registry, *, stack: str | None = None
) -> Mapping[str, Outcome]:
    """Write the file's entries. Return the outcome of each by its resource and id.

    `stack` is the name of a stack on AWS; without one, no agent can be a Lambda function.

    Raises:
        FunctionRefusedError: An agent's Lambda function is none of the stack's. Nothing is written.
        IdTakenError: A device or a group belongs to another tenant.

    """
    tenant = file.tenant
    check_agents(file, stack=stack)
    entries = ManageEntries(registry=registry, resources=kinds.resources(), clock=now)
    create_missing_tenant(registry, tenant)
    return {
        f"{name}/{entry}": entries.put(MAKE, kinds.resource(name), tenant, entry, value).outcome
        for name, entry, value in _list_values(file)
    }


def check_agents(file: RegistryFile, *, stack: str | None) -> None:
    """Raises `FunctionRefusedError`, with the place of the agent in the file."""
    for number, entry in enumerate(file.agents):
        try:
            check_function(to_agent(entry), stack=stack)
        except FunctionRefusedError as error:
            raise FunctionRefusedError(f"agents.{number}.{error}") from error


def create_missing_tenant(registry: Registry, tenant: str) -> None:
    if registry.find(TENANTS, tenant, tenant) is None:
        ManageTenants(registry=registry, clock=now).create(MAKE, tenant, tenant)


def create_partner(
    registry: Registry,
    app_clients: AppClients,
    claim_topics: Callable[[str], None],
    wanted: NewPartner,
) -> dict[str, str]:
    """Return the credentials of a new partner. Its tenant is created if it does not exist."""
    create_missing_tenant(registry, wanted.tenant)
    partners = ManagePartners(
        registry=registry,
        partners=PARTNERS,
        keys=KEYS,
        app_clients=app_clients,
        claim_topics=claim_topics,
        clock=now,
    )
    made = partners.create(MAKE, wanted)
    if made.credentials is None:
        raise RuntimeError("only requests with an Idempotency-Key can be repeated")
    return {
        "apiKey": made.credentials.api_key,
        "clientId": made.partner.id,
        "clientSecret": made.credentials.client_secret,
    }


def find_missing_keys(file: RegistryFile, registry: Registry) -> Sequence[NewKey]:
    """Return the file's keys of whose name the tenant has no valid key."""
    valid = {
        (key.opens, key.name)
        for key in list_all(registry, KEYS, file.tenant)
        if key.is_valid(now()) and not key.replaced_by
    }
    return [each for each in list_keys(file) if (each.opens, each.name) not in valid]


def list_keys(file: RegistryFile) -> Iterator[NewKey]:
    for name in file.keys:
        yield NewKey(tenant=file.tenant, name=name, opens=message.KIND)
    for each in file.docsKeys:
        lifetime = each.expiresInDays and each.expiresInDays * DAY_MS
        yield NewKey(
            tenant=file.tenant,
            name=each.name,
            opens=docs.KIND,
            scopes=each.scopes,
            lifetime=lifetime,
        )
    for worker in file.workerKeys:
        lifetime = worker.expiresInDays and worker.expiresInDays * DAY_MS
        agents = "*" if worker.agents == "*" else [str(agent) for agent in worker.agents]
        yield worker_key(file.tenant, worker.name, agents, lifetime)


def create_keys(wanted: Iterable[NewKey], registry: Registry) -> dict[str, str]:
    """Return new keys by name, to show them once."""
    keys = ManageKeys(registry=registry, keys=KEYS, clock=now)
    return {each.name: keys.create(MAKE, each).credential or "" for each in wanted}


def create_admin_key(registry: Registry, name: str) -> str | None:
    """Return a new key of the admin API, or None if a valid one has this name."""
    wanted = admin_key(name)
    for key in list_all(registry, KEYS, wanted.tenant):
        if key.name == name and key.is_valid(now()) and not key.replaced_by:
            return None
    return create_keys([wanted], registry)[name]


def has_admin_key(registry: Registry) -> bool:
    return any(True for _ in list_all(registry, KEYS, admin_key("").tenant))


def _list_values(file: RegistryFile) -> Iterator[tuple[str, str, Any]]:
    """Yield the resource, the id and the value of each entry, groups before their devices."""
    groups = [to_group(file.tenant, each) for each in file.deviceGroups]
    yield from (("device-groups", each.id, replace(each, devices=())) for each in groups)
    yield from (("devices", each.id, each) for group in groups for each in group.devices)
    yield from (("missions", each.id, to_plan(each)) for each in file.missions)
    yield from (("projects", each.id, to_project(file.tenant, each)) for each in file.projects)
    yield from (("webhooks", each.id, to_subscription(file.tenant, each)) for each in file.webhooks)
    yield from (("agents", str(each.id), to_agent(each)) for each in file.agents)
