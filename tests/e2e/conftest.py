"""Fixtures for the deployed local stack: clients, operators, webhook receivers."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser

from jobs.auth.authenticate import new_key
from jobs.docs.adapters.dynamodb.projects import DynamoProjects
from jobs.docs.docs_job import Project
from jobs.messaging.agent import Agent
from jobs.missions.partner import Role
from jobs.payments.payment import PaymentsMode
from local.chain.chains import Chains
from local.cloud.aws import CREDENTIALS
from local.kit.paths import ROOT
from local.kit.run_folder import run_folder
from local.stack.launch import run_stack
from local.stack.local_stack import LocalStack
from local.stack.server_process import ServerStack, run_server
from scripts.registry_table import RegistryTable
from tests.e2e.api import Api
from tests.e2e.browsers import chromium
from tests.e2e.cloud import Cloud, above
from tests.e2e.docs_agents import NOWHERE, Clone, DocsApi, cloned, docs_key
from tests.e2e.events import Bus
from tests.e2e.on_server import EventStream, add_project, add_tenant, add_webhook_secret
from tests.e2e.partners import Partner, registered
from tests.e2e.payers import Payer
from tests.e2e.webhooks.deliveries import signing
from tests.receiver import Receiver, receiving
from tests.shared_stack import CALM, FRAGILE, SERVER, find_server, find_stack

AWS = "aws"
OF_AWS = {
    *("cloud", "registry", "make", "make_partner", "demo_partner", "browser", "paid_cloud"),
    "missions",
}
"""Fixtures that only the emulated system has, or whose tests need no second run."""
OF_BOTH = {"stack", "paid"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of a module with `BOTH_WAYS` on the server, too, unless they name AWS."""
    fixtures = {*metafunc.fixturenames}
    if getattr(metafunc.module, "BOTH_WAYS", False) and fixtures & OF_BOTH:
        ways = [AWS] if fixtures & OF_AWS else [AWS, SERVER]
        metafunc.parametrize("way", ways, indirect=True, scope="module")


@pytest.fixture(scope="module")
def way(request: pytest.FixtureRequest) -> str:
    """Return how the system of the module's tests runs: on emulated AWS, or as one process."""
    return getattr(request, "param", AWS)


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, way: str) -> LocalStack | ServerStack:
    """Return the stack of the module's tests: faults must not disturb the tests of others."""
    if way == SERVER:
        return find_server()
    return find_stack(FRAGILE if request.path.name == "test_faults.py" else CALM)


@pytest.fixture(scope="session")
def clouds() -> Iterator[Callable[[LocalStack], Cloud]]:
    """Return one `Cloud` per stack: its clients are slow to make."""
    with ExitStack() as cleanup:
        made = dict[str, Cloud]()

        def cloud_of(stack: LocalStack) -> Cloud:
            if stack.base_url not in made:
                made[stack.base_url] = cleanup.enter_context(above(stack))
            return made[stack.base_url]

        yield cloud_of


@pytest.fixture(scope="module")
def cloud(stack: LocalStack, clouds: Callable[[LocalStack], Cloud]) -> Cloud:
    """Return the emulated AWS below the stack."""
    return clouds(stack)


@pytest.fixture(scope="module")
def registry(cloud: Cloud) -> RegistryTable:
    table = cloud.stack.outputs["RegistryTableName"]
    return RegistryTable(cloud.client("dynamodb"), table, clock=lambda: 0)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


type MakeTenant = Callable[..., Api]


@pytest.fixture(scope="module")
def make_tenant(
    request: pytest.FixtureRequest, way: str, stack: LocalStack | ServerStack
) -> MakeTenant:
    """Register a new tenant with a key and these agents, by default an echo."""
    if way == SERVER:
        return partial(add_tenant, stack)
    registry: RegistryTable = request.getfixturevalue("registry")

    def make(*agents: Agent) -> Api:
        tenant = f"tenant-{uuid4().hex[:12]}"
        for agent in agents or [Agent(id=str(uuid4()), name="Echo")]:
            registry.put_agent(tenant, agent)
        credential, key = new_key(tenant)
        registry.put_key(key)
        return Api(stack.base_url, credential, tenant)

    return make


@pytest.fixture
def api(make_tenant: MakeTenant) -> Api:
    return make_tenant()


@pytest.fixture(scope="module")
def shared_api(make_tenant: MakeTenant) -> Api:
    """Return a caller for tests of single responses."""
    return make_tenant()


@pytest.fixture
def missions() -> None:
    """Ask for the system that has missions."""


type MakePartner = Callable[..., Partner]


@pytest.fixture(scope="module")
def make_partner(cloud: Cloud) -> MakePartner:
    """Register a partner's program, by default of a new organisation."""

    def make(role: Role = Role.MANAGER, tenant: str | None = None) -> Partner:
        return registered(cloud, role, tenant or f"partner-{uuid4().hex[:12]}")

    return make


@pytest.fixture(scope="module")
def demo_partner(stack: LocalStack) -> Partner:
    """Return the seeded partner, who has drones."""
    seeded = stack.seeded["missions"]
    return Partner(
        stack.base_url, "demo", seeded["apiKey"], seeded["clientId"], seeded["clientSecret"]
    )


type MakeDocs = Callable[..., DocsApi]


@pytest.fixture(scope="module")
def make_docs(
    request: pytest.FixtureRequest, way: str, stack: LocalStack | ServerStack
) -> MakeDocs:
    """Register a project, by default of a new organisation."""
    if way == SERVER:
        return partial(add_project, stack)
    cloud: Cloud = request.getfixturevalue("cloud")
    registry: RegistryTable = request.getfixturevalue("registry")
    projects = DynamoProjects(cloud.client("dynamodb"), cloud.registry, lambda: 0)

    def make(tenant: str | None = None, repository: str = NOWHERE, **about: Any) -> DocsApi:
        owner, project = tenant or f"docs-{uuid4().hex[:12]}", f"p-{uuid4().hex[:12]}"
        projects.put_project(
            Project(id=project, tenant=owner, repository=repository, subdomain="acme", **about)
        )
        return DocsApi(stack.base_url, owner, project, docs_key(registry, owner))

    return make


@pytest.fixture(scope="module")
def demo_docs(stack: LocalStack) -> DocsApi:
    """Return the seeded caller, whose project has a repository."""
    seeded = stack.seeded["docsAgents"]
    return DocsApi(stack.base_url, "demo", seeded["projectId"], seeded["apiKey"])


@pytest.fixture
def clone(stack: LocalStack, tmp_path: Path) -> Callable[[str], Clone]:
    """Clone a branch of the demo repository."""
    return lambda branch: cloned(stack.git_url, branch, tmp_path / uuid4().hex)


@pytest.fixture(scope="module")
def demo(stack: LocalStack) -> Api:
    """Return the seeded tenant."""
    return Api(stack.base_url, stack.api_key, "demo")


@pytest.fixture(scope="module")
def bus_of(request: pytest.FixtureRequest, way: str) -> Callable[[Api], Bus | EventStream]:
    """Record the events of a caller's tenant."""
    if way == SERVER:
        return EventStream
    cloud: Cloud = request.getfixturevalue("cloud")
    return lambda api: Bus(cloud, api.tenant)


@pytest.fixture
def bus(api: Api, bus_of: Callable[[Api], Bus | EventStream]) -> Iterator[Bus | EventStream]:
    with bus_of(api) as listening:
        yield listening


HASHES = {"AllowTransactionHash": "true"}


@pytest.fixture(scope="session")
def paid_stack(chain_tools) -> Iterator[LocalStack]:
    """Start a stack on which jobs cost something."""
    with run_stack(payments=PaymentsMode.REQUIRED, parameters=HASHES, with_docks=False) as started:
        yield started


@pytest.fixture(scope="session")
def paid_cloud(paid_stack: LocalStack, clouds: Callable[[LocalStack], Cloud]) -> Cloud:
    return clouds(paid_stack)


@pytest.fixture(scope="session")
def paid_server(chains: Chains) -> Iterator[ServerStack]:
    """Start a server on which jobs cost something."""
    costs = {**HASHES, "Payments": PaymentsMode.REQUIRED}
    with run_folder() as folder, run_server(folder, parameters=costs, chains=chains) as (made, _):
        yield made


@pytest.fixture(scope="module")
def paid(request: pytest.FixtureRequest, way: str) -> LocalStack | ServerStack:
    """Return a system on which jobs cost something."""
    found: LocalStack | ServerStack = request.getfixturevalue(
        "paid_server" if way == SERVER else "paid_stack"
    )
    return found


@pytest.fixture
def payer(paid: LocalStack | ServerStack) -> Iterator[Payer]:
    """Return a caller with a key and money; reset the facilitator before and after."""
    made = Payer.of(paid, Api(paid.base_url, paid.api_key, "demo"))
    made.chains.facilitator.script()
    yield made
    made.chains.facilitator.script()


type Make = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def make(stack: LocalStack) -> Make:
    """Run a make target on this stack, as an operator does."""

    def run(target: str, **variables: object) -> subprocess.CompletedProcess[str]:
        named = [f"{name}={value}" for name, value in variables.items()]
        return subprocess.run(
            ["make", "--no-print-directory", target, f"STACK={stack.name}", *named],
            cwd=ROOT,
            env=os.environ | CREDENTIALS | {"AWS_ENDPOINT_URL": stack.aws_endpoint_url},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def server() -> Iterator[Receiver]:
    """Run a webhook receiver."""
    with receiving() as made:
        yield made


@pytest.fixture
def secret(
    request: pytest.FixtureRequest, way: str, stack: LocalStack | ServerStack, api: Api
) -> str:
    """Return the signing secret of the tenant's webhooks."""
    if way == SERVER:
        return add_webhook_secret(stack, api.tenant)
    return signing(request.getfixturevalue("cloud"), api.tenant)
