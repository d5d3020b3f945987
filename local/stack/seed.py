"""Register the demo tenant on the local stack."""

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from jobs.missions.partner import Role
from local.cloud.aws import create_session
from local.git.launch import GitHost
from scripts.partner import Program, enrol
from scripts.registry import Registries, load
from scripts.registry_file import RegistryFile
from scripts.webhook_secret import rotate

REGISTRY = Path(__file__).with_name("registry.yaml")
PAYERS = Path(__file__).with_name("payers.yaml")


def read_registry(stack: str, base_url: str, repository_url: str) -> RegistryFile:
    """Read the demo registry for a stack with these URLs."""
    git_url = repository_url.rpartition("/")[0]
    return RegistryFile.read(REGISTRY, {"STACK": stack, "BASE_URL": base_url, "GIT_URL": git_url})


def seed_registry(
    endpoint_url: str, stack: str, outputs: Mapping[str, str], base_url: str, git: GitHost
) -> dict[str, object]:
    """Return the demo tenant's keys and ids, for `.local/stack.json`."""
    file = read_registry(stack, base_url, git.url)
    with closing(create_session().client("dynamodb", endpoint_url=endpoint_url)) as dynamodb:
        registries = Registries.open(dynamodb, outputs["RegistryTableName"])
        keys = load(file, registries)
        load(RegistryFile.read(PAYERS, {}), registries)
        with closing(create_session().client("cognito-idp", endpoint_url=endpoint_url)) as cognito:
            partner = enrol(
                cognito,
                outputs["UserPoolId"],
                registries.table,
                Program("Demo", Role.MANAGER, file.tenant),
            )
    with closing(create_session().client("secretsmanager", endpoint_url=endpoint_url)) as secrets:
        secrets.create_secret(Name=f"{stack}/agents/far-echo", SecretString=keys["demo"])
        credentials = json.dumps({"username": git.user, "password": git.password})
        secrets.create_secret(Name=f"{stack}/agents/git", SecretString=credentials)
        webhook_secret = rotate(secrets, f"{stack}/webhooks/{file.tenant}")
    return {
        "messaging": {"apiKey": keys["demo"]},
        "missions": {
            "apiKey": partner.api_key,
            "clientId": partner.client_id,
            "clientSecret": partner.client_secret,
            "deviceGroupId": file.deviceGroups[0].id,
        },
        "docsAgents": {
            "apiKey": keys["demo-docs"],
            "projectId": file.projects[0].id,
            "repository": file.projects[0].repository,
            "gitUser": git.user,
            "gitPassword": git.password,
        },
        "webhooks": {"secret": webhook_secret},
    }
