"""Put the demo registry into the local stack."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from jobs.adapters.dynamodb.fleet_registry import DynamoFleetRegistry
from jobs.adapters.dynamodb.registry import DynamoRegistry
from local.aws import session
from scripts.registry import load
from scripts.registry_file import RegistryFile

REGISTRY = Path(__file__).with_name("registry.yaml")


def seed(
    endpoint_url: str, stack: str, outputs: Mapping[str, str], base_url: str
) -> dict[str, object]:
    """Return what `.local/stack.json` tells about it: the demo tenant's API key."""
    file = RegistryFile.read(REGISTRY, {"BASE_URL": base_url, "STACK": stack})
    with closing(session().client("dynamodb", endpoint_url=endpoint_url)) as dynamodb:
        table = dynamodb, outputs["RegistryTableName"], lambda: 0
        key = load(file, DynamoRegistry(*table), DynamoFleetRegistry(*table))["demo"]
    with closing(session().client("secretsmanager", endpoint_url=endpoint_url)) as secrets:
        secrets.create_secret(Name=f"{stack}/agents/far-echo", SecretString=key)
    return {"messaging": {"apiKey": key}}
