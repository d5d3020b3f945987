"""A tenant's limits on the deployed stack."""

import time
from itertools import pairwise

from jobs.core.adapters.dynamodb.tenant_limits import DynamoTenantLimits
from jobs.core.tenant_limits import TenantLimits
from tests.e2e.api import Api
from tests.e2e.cloud import Cloud


def test_messages_beyond_tenant_limit_are_answered_one_by_one(api: Api, cloud: Cloud) -> None:
    limits = DynamoTenantLimits(cloud.client("dynamodb"), cloud.registry, time.time_ns)
    limits.put_limits(api.tenant, TenantLimits(agent_concurrency=1))

    created = [api.create("/sleep 1 done", timeoutMs=60_000) for _ in range(4)]

    answers = [api.until(each)["result"]["message"]["createdAt"] for each in created]
    assert all(second - first >= 1000 for first, second in pairwise(sorted(answers)))
    assert min(answers) == answers[0]
