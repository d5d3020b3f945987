"""The composition root's part for documentation agents; `jobs.bootstrap` says how it works."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from jobs import bootstrap

if TYPE_CHECKING:
    from jobs.adapters.dynamodb.projects import DynamoProjects


# ── What it stands on ───────────────────────────────────────────────────────────


@cache
def projects() -> DynamoProjects:
    from jobs.adapters.dynamodb.projects import DynamoProjects

    return DynamoProjects(bootstrap.dynamodb(), os.environ["REGISTRY_TABLE"], bootstrap.now)
