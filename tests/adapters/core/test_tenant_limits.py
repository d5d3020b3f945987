"""Limits of tenants in the registry."""

import pytest

from jobs.core.adapters.dynamodb.tenant_limits import DynamoTenantLimits
from jobs.core.adapters.sqlite.tenant_limits import SqliteTenantLimits
from jobs.core.ports import TenantLimitsRegistry
from jobs.core.tenant_limits import TenantLimits
from jobs.kit.cache import DEFAULT_TTL_MS
from jobs.kit.sqlite.database import Database


@pytest.fixture
def tenant_limits(any_engine, clock) -> TenantLimitsRegistry:
    if isinstance(any_engine, Database):
        return SqliteTenantLimits(any_engine)
    return DynamoTenantLimits(any_engine.client, any_engine.registry, clock)


@pytest.mark.parametrize("limits", [
    TenantLimits(), TenantLimits(messages_per_minute=5),
    TenantLimits(messages_per_minute=5, agent_concurrency=1),
])  # fmt: skip
def test_limits_are_read_as_put(tenant_limits, clock, tenant, limits) -> None:
    tenant_limits.put_limits(tenant, TenantLimits(agent_concurrency=7))

    tenant_limits.put_limits(tenant, limits)

    clock.advance(DEFAULT_TTL_MS)
    assert tenant_limits.limits(tenant) == limits


def test_tenant_without_limits_has_none(tenant_limits, tenant) -> None:
    assert tenant_limits.limits(tenant) == TenantLimits()


def test_limits_are_read_once_a_minute(engine, clock, tenant) -> None:
    tenant_limits = DynamoTenantLimits(engine.client, engine.registry, clock)
    tenant_limits.limits(tenant)

    with engine.calls() as warm:
        tenant_limits.limits(tenant)
    clock.advance(DEFAULT_TTL_MS)
    with engine.calls() as later:
        tenant_limits.limits(tenant)

    assert (warm, later) == ([], ["GetItem"])
