"""Register the demo tenant on the local stack."""

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from jobs.docs.adapters.dynamodb.projects import DynamoProjects
from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.partner import Role
from jobs.webhooks.adapters.subscriptions import DynamoSubscriptions
from local.cloud.aws import create_session
from local.git.launch import GitHost
from scripts.partner import Program, enrol
from scripts.registry import load
from scripts.registry_file import RegistryFile
from scripts.registry_table import RegistryTable
from scripts.webhook_secret import rotate

REGISTRY = Path(__file__).with_name("registry.yaml")
PAYERS = Path(__file__).with_name("payers.yaml")


def seed_registry(
    endpoint_url: str, stack: str, outputs: Mapping[str, str], base_url: str, git: GitHost
) -> dict[str, object]:
    """Return the demo tenant's keys and ids, for `.local/stack.json`."""
    variables = {"BASE_URL": base_url, "STACK": stack, "GIT_URL": git.url.rpartition("/")[0]}
    file = RegistryFile.read(REGISTRY, variables)
    with closing(create_session().client("dynamodb", endpoint_url=endpoint_url)) as dynamodb:
        table = dynamodb, outputs["RegistryTableName"], lambda: 0
        registry = RegistryTable(*table)
        stores = (
            registry,
            DynamoFleetRegistry(*table),
            DynamoProjects(*table),
            DynamoSubscriptions(*table),
        )
        keys = load(file, *stores)
        load(RegistryFile.read(PAYERS, variables), *stores)
        with closing(create_session().client("cognito-idp", endpoint_url=endpoint_url)) as cognito:
            partner = enrol(
                cognito,
                outputs["UserPoolId"],
                registry,
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
