"""The composition root's part for documentation agents; `jobs.bootstrap` says how it works."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from jobs import bootstrap, mission_bootstrap

if TYPE_CHECKING:
    from jobs.adapters.dynamodb.projects import DynamoProjects
    from jobs.services.create_docs_job import CreateDocsJob
    from jobs.services.limit_docs_requests import LimitDocsRequests


# ── What the API does ───────────────────────────────────────────────────────────


@cache
def create_docs_job() -> CreateDocsJob:
    from jobs.services.create_docs_job import CreateDocsJob

    return CreateDocsJob(
        repository=bootstrap.repository(),
        projects=projects(),
        limit=_limit(),
        clock=bootstrap.now,
        retention=int(os.environ["RETENTION_HOURS"]) * 3600_000,
    )


@cache
def _limit() -> LimitDocsRequests:
    from jobs.services.limit_docs_requests import LimitDocsRequests

    return LimitDocsRequests(
        repository=bootstrap.repository(), limit_rate=mission_bootstrap.limit_rate()
    )


# ── What it stands on ───────────────────────────────────────────────────────────


@cache
def projects() -> DynamoProjects:
    from jobs.adapters.dynamodb.projects import DynamoProjects

    return DynamoProjects(bootstrap.dynamodb(), os.environ["REGISTRY_TABLE"], bootstrap.now)
