"""Schemathesis checks the deployed stack's answers against the OpenAPI documents.

Each operation receives its examples, the limits of its schema and a few random requests, the same
in every run, and one request without a key. The tenants are new: they have no webhook secret, so no
webhook is sent; they have no drones, and their repository does not exist.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from jobs.auth.authenticate import new_key
from jobs.messaging.agent import Agent
from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.device import DeviceGroup, Plan
from local.kit.paths import ROOT
from scripts.openapi.apis import APIS
from scripts.openapi.document import render
from tests.e2e.api import USER, Api, eventually
from tests.e2e.fleets import WAYPOINTS
from tests.e2e.openapi.schemathesis_formats import NEVER_SENT
from tests.shared_stack import SERVER

AGENT = "11111111-1111-4111-8111-111111111111"
JOB = "019b7963-4a00-7000-8000-000000000001"
SESSION = "019b7963-4a00-7000-8000-00000000c0de"
DELIVERY = "5f0c1a52-7d1e-5b0a-9d55-0c1f6f1d2a01"


@dataclass(frozen=True)
class Caller:
    """A caller of an API; `known` maps ids in the examples to ids that exist."""

    headers: Mapping[str, str]
    known: Mapping[str, str] = field(default_factory=dict)


@pytest.fixture
def admin(stack) -> Caller:
    operator = Api(stack.base_url, stack.seeded["admin"]["apiKey"], "")
    tenant = f"admin-{uuid4().hex[:12]}"
    operator.post("/admin/tenants", {"id": tenant})
    created = operator.post(f"/admin/tenants/{tenant}/keys", {"api": "messaging", "name": "ci"})
    own = operator.post("/admin/keys", {"name": "schemathesis"}).json["secret"]
    return Caller({"X-API-Key": own}, {'"acme"': f'"{tenant}"', "a1b2c3d4e5f6": created.json["id"]})


@pytest.fixture
def agent_workers(make_tenant, registry) -> Caller:
    """A key of a tenant without messages, whose claims do not wait."""
    credential, key = new_key(make_tenant().tenant, opens="workers", scopes=["*"])
    registry.put_key(key)
    return Caller({"Authorization": f"Bearer {credential}"})


@pytest.fixture
def messaging(make_tenant) -> Caller:
    api = make_tenant(Agent(id=AGENT, name="Echo"))
    return Caller({"X-API-Key": api.key}, {JOB: api.create()})


@pytest.fixture
def sessions(make_tenant) -> Caller:
    api = make_tenant(Agent(id=AGENT, name="Echo"))
    made = api.post("/api/messaging/sessions", {"agentId": AGENT, "userId": USER}).json
    return Caller({"X-API-Key": api.key}, {SESSION: made["sessionId"]})


@pytest.fixture
def webhooks(make_tenant) -> Caller:
    api = make_tenant()
    job = api.create(webhook={"url": NEVER_SENT})
    path = f"/webhooks/deliveries?jobId={job}"
    [delivery, *_] = eventually(lambda: api.get(path).json["deliveries"], bool)
    return Caller({"X-API-Key": api.key}, {JOB: job, DELIVERY: delivery["deliveryId"]})


@pytest.fixture
def missions(make_partner, cloud) -> Caller:
    partner = make_partner()
    fleet = DynamoFleetRegistry(cloud.client("dynamodb"), cloud.registry, clock=lambda: 0)
    group = f"group-{partner.tenant}"
    fleet.put_group(DeviceGroup(id=group, tenant=partner.tenant, name="Nothing", devices=()))
    fleet.put_plan(partner.tenant, Plan(id="harbour-round", name="Round", waypoints=WAYPOINTS))
    job = partner.post("/v3/jobs/create", {"name": "Round", "deviceGroupId": group}).json["job"]
    return Caller(
        {"Authorization": f"Bearer {partner.token}", "x-api-key": partner.api_key},
        {
            JOB: job["jobId"],
            '"harbour"': f'"{group}"',
            "EXAMPLECLIENTOFNOBODY0000000": partner.client_id,
            "EXAMPLE-SECRET-OF-NOBODY": partner.client_secret,
        },
    )


@pytest.fixture
def docs(make_docs) -> Caller:
    made = make_docs()
    job = made.create().json["id"]
    return Caller({"Authorization": f"Bearer {made.key}"}, {"demo-docs": made.project, JOB: job})


@pytest.mark.parametrize("name", APIS)
def test_operations_answer_as_their_document_describes(
    name, stack, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    caller: Caller = request.getfixturevalue(name)

    check(name, caller, stack.base_url, tmp_path)


@pytest.mark.parametrize("way", [SERVER], indirect=True, scope="module")
@pytest.mark.parametrize("name", ["messaging", "sessions"])
def test_operations_of_the_server_answer_as_their_document_describes(
    name, stack, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    caller: Caller = request.getfixturevalue(name)

    check(name, caller, stack.base_url, tmp_path)


def check(name: str, caller: Caller, url: str, folder: Path) -> None:
    text = render(APIS[name])
    for example, real in caller.known.items():
        text = text.replace(example, real)
    described = folder / f"{name}.json"
    described.write_text(text)

    completed = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", ROOT / "tests/e2e/openapi/schemathesis.toml"),
            *("run", described, "--url", url, "--no-color"),
            *(f"--header={key}:{value}" for key, value in caller.headers.items()),
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )

    assert completed.returncode == 0, completed.stdout + completed.stderr
