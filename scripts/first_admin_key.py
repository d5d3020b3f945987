"""What a deployment does once: create the first key of the admin API, and list known tenants."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jobs.admin.tenant import TENANTS
from jobs.core.ids import is_tenant
from scripts.registry_load import (
    create_admin_key,
    create_missing_tenant,
    has_admin_key,
    open_registry,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

NAME = "first"


def create_first_admin_key(client: "DynamoDBClient", outputs: Mapping[str, str]) -> str | None:
    """Return a new key of the admin API, to show it once, or None if the stack has one.

    Tenants of earlier versions are in no list: add those that have keys or entries.
    """
    registry = open_registry(client, outputs)
    if has_admin_key(registry):
        return None
    for tenant in sorted(_find_tenants(client, outputs["RegistryTableName"])):
        create_missing_tenant(registry, tenant)
    return create_admin_key(registry, NAME)


def _find_tenants(client: "DynamoDBClient", table: str) -> set[str]:
    pages = client.get_paginator("scan").paginate(
        TableName=table,
        ProjectionExpression="PK, #tenant",
        ExpressionAttributeNames={"#tenant": "tenant"},
    )
    items = [item for page in pages for item in page["Items"]]
    owners = {item["tenant"]["S"] for item in items if "tenant" in item}
    partitions = {item["PK"]["S"].removeprefix("TENANT#") for item in items}
    return {each for each in owners | partitions if is_tenant(each)} - {TENANTS.label}
