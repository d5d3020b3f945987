"""Limits of tenants in the registry table."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from jobs.core.resource import Row
from jobs.core.tenant_limits import TenantLimits
from jobs.kit.aws.dynamodb.rows import Rows
from jobs.kit.cache import Cache
from jobs.kit.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_SK: Final = "LIMITS"


class DynamoTenantLimits:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._rows = Rows(client, table)
        self._cache = Cache[TenantLimits](clock)

    def limits(self, tenant: str) -> TenantLimits:
        return self._cache.get(tenant) or self._cache.put(tenant, value=self._read(tenant))

    def put_limits(self, tenant: str, limits: TenantLimits) -> None:
        self._rows.put(f"TENANT#{tenant}", _SK, asdict(limits))
        self._cache.put(tenant, value=limits)

    def _read(self, tenant: str) -> TenantLimits:
        return from_row(self._rows.get(f"TENANT#{tenant}", _SK) or {})


def from_row(row: Row) -> TenantLimits:
    return TenantLimits(
        messages_per_minute=row.get("messages_per_minute"),
        agent_concurrency=row.get("agent_concurrency"),
    )
