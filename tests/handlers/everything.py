"""All that the example events name, in memory, for tests of all APIs at once.

Import the fixtures; `everything` uses all of them.
"""

import json
from types import SimpleNamespace
from typing import Any, Final

import pytest

from jobs.auth.api_key import ApiKey
from jobs.auth.wiring import wiring as auth
from jobs.missions.partner import Client, Role
from jobs.missions.wiring import wiring as missions
from local.kit.paths import ROOT
from tests.handlers.admin.conftest import KEY_ID, PARTNER_ID, admin
from tests.handlers.admin.conftest import TENANT as MANAGED
from tests.handlers.agent_workers.conftest import claimed, queued
from tests.handlers.conftest import EVENTS, TENANT
from tests.handlers.docs.conftest import projects
from tests.handlers.fleet import fleet, fleet_registry, fleet_wiring
from tests.handlers.sessions.conftest import opened
from tests.handlers.tracking.conftest import share, watching
from tests.handlers.webhooks.conftest import planned

__all__ = [
    "admin", "claimed", "everything", "fleet", "fleet_registry", "fleet_wiring", "jobs", "opened",
    "planned", "projects", "queued", "share", "watching",
]  # fmt: skip

_OTHERS: Final = {"auth", "tracking", "workers"}  # are not invoked by the HTTP API
ENDPOINTS: Final = sorted(
    f"{file.parent.name}/{file.stem}"
    for file in (ROOT / "functions").glob("*/*.py")
    if file.parent.name not in _OTHERS
)


def load(endpoint: str) -> Any:
    return json.loads((EVENTS / f"{endpoint}.json").read_text())


@pytest.fixture
def jobs(world, a_job, a_mission, a_docs_job) -> None:
    for make in (a_job, a_mission, a_docs_job):
        world.repository.add(make(tenant=TENANT))


@pytest.fixture
def everything(rewire, jobs, opened, planned, share, admin, claimed) -> None:  # noqa: PLR0913, PLR0917
    """Store all, and accept the credentials of the events."""
    opened()
    planned()
    claimed()
    admin.add(ApiKey(id=KEY_ID, tenant=MANAGED, sha256="0" * 64))
    admin.add(Client(id=PARTNER_ID, tenant=MANAGED, name="App", role=Role.PILOT))
    key = SimpleNamespace(id="k", tenant=TENANT)
    token = SimpleNamespace(value="header.claims.signature", expires_in=3600)
    rewire(auth, authenticate=lambda _, *, opens: key)
    rewire(missions, issue_token=lambda *_: token, claim_group=lambda _: None)
