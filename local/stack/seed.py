"""Register the demo tenant on the local stack, with the keys of the last run."""

import json
from pathlib import Path
from typing import Any

from jobs.admin.adapters.registry import DynamoRegistry
from jobs.admin.api.requests import admin_key
from jobs.admin.manage_partners import NewPartner
from jobs.missions.adapters.app_clients import CognitoAppClients
from jobs.missions.adapters.topic_claims import TopicClaims
from jobs.missions.partner import Role
from jobs.webhooks.adapters.secrets import parse_secrets
from local.git.launch import GitHost
from local.models.model import Model
from local.stack.demo import serve_own_repository
from local.stack.memory import Backend, Memory
from local.stack.model import forget_model, secret_name, with_model
from scripts.registry_file import RegistryFile
from scripts.registry_load import create_keys, create_partner, list_keys, load, open_registry
from scripts.webhook_secret import rotate

REGISTRY = Path(__file__).with_name("registry.yaml")
PAYERS = Path(__file__).with_name("payers.yaml")


def read_registry(stack: str, base_url: str, repository_url: str) -> RegistryFile:
    """Read the demo registry for a stack with these URLs."""
    git_url = repository_url.rpartition("/")[0]
    return RegistryFile.read(REGISTRY, {"STACK": stack, "BASE_URL": base_url, "GIT_URL": git_url})


def seed_registry(
    backend: Backend, base_url: str, git: GitHost, memory: Memory, model: Model | None = None
) -> dict[str, Any]:
    """Return the demo tenant's keys and ids, for `.local/stack.json`."""
    file = serve_own_repository(read_registry(backend.stack, base_url, git.url), git)
    file = with_model(file, model, backend.stack)
    registry = open_registry(backend.dynamodb, backend.outputs)
    if model is None:
        forget_model(registry, file.tenant)
    elif model.key:
        backend.put_secret(secret_name(backend.stack), model.key)
    load(RegistryFile.read(PAYERS, {}), registry, stack=backend.stack)
    keys = load_with_known_keys(file, registry, memory, backend.stack)
    credentials = json.dumps({"username": git.user, "password": git.password})
    backend.put_secret(f"{backend.stack}/agents/far-echo", keys["demo"])
    backend.put_secret(f"{backend.stack}/agents/git", credentials)
    return {
        "tenant": file.tenant,
        "messaging": {"apiKey": keys["demo"]},
        "missions": {
            **enrol_demo_program(backend, registry, file.tenant, memory),
            "deviceGroupId": file.deviceGroups[0].id,
        },
        "docsAgents": {
            "apiKey": keys["demo-docs"],
            "projectId": file.projects[0].id,
            "repository": file.projects[0].repository,
            "gitUser": git.user,
            "gitPassword": git.password,
        },
        "webhooks": {"secret": find_webhook_secret(backend, file.tenant)},
        "admin": {"apiKey": find_admin_key(registry, memory)},
    }


def load_with_known_keys(
    file: RegistryFile, registry: DynamoRegistry, memory: Memory, stack: str
) -> dict[str, str]:
    """Write the file's entries; return its keys by name, new ones where none is remembered."""
    load(file, registry, stack=stack)
    names = file.key_names()
    known = {
        name: key
        for name, key in memory.keys.get(file.tenant, {}).items()
        if name in names and memory.has_key(key)
    }
    return known | create_keys(
        (each for each in list_keys(file) if each.name not in known), registry
    )


def enrol_demo_program(
    backend: Backend, registry: DynamoRegistry, tenant: str, memory: Memory
) -> dict[str, str]:
    """Return the credentials of the last run's program, or of a new one."""
    known = memory.program
    if known and memory.has_key(known["apiKey"]) and memory.has_client(known["clientId"]):
        return known
    app_clients = CognitoAppClients(backend.cognito, backend.outputs["UserPoolId"])
    wanted = NewPartner(tenant=tenant, name="Demo", role=Role.MANAGER)
    claims = TopicClaims(
        backend.dynamodb, backend.outputs["RegistryTableName"], stack=backend.stack
    )
    return create_partner(registry, app_clients, claims, wanted)


def find_admin_key(registry: DynamoRegistry, memory: Memory) -> str:
    """Return the last run's key of the admin API, or a new one."""
    if memory.admin_key and memory.has_key(memory.admin_key):
        return memory.admin_key
    return create_keys([admin_key("local")], registry)["local"]


def find_webhook_secret(backend: Backend, tenant: str) -> str:
    """Return the newest secret that signs the tenant's webhooks; create the first one."""
    name = f"{backend.stack}/webhooks/{tenant}"
    try:
        return parse_secrets(backend.read_secret(name))[0]
    except backend.secrets.exceptions.ResourceNotFoundException:
        return rotate(backend.secrets, name)
