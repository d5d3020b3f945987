"""What every kind of test shares: a clock that stands still, sane jobs, one local stack."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

from jobs.core.job import Job
from jobs.docs.docs_job import DocsJob
from jobs.missions.mission import Mission
from local.chain.chains import Chains
from local.chain.chains import run_chains as running_chains
from local.chain.node import CONTRACTS
from local.kit.paths import TOOLS
from local.stack.launch import run_stack
from local.stack.local_stack import LocalStack
from tests.equipment.digests import find_changed_parts
from tests.support import HOUR, NOON, FrozenClock

os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "POWERTOOLS_METRICS_NAMESPACE": "sortie-test",
    "POWERTOOLS_SERVICE_NAME": "sortie",
}

# In CI the same examples every time, and no clock that fails them: what is red stays red.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
if os.environ.get("CI") == "true":
    settings.load_profile("ci")


def missing(reason: str) -> NoReturn:
    """A tool that is not there skips a test, but where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


NODE = Path(__file__).parent / "node"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def a_job() -> Callable[..., Job]:
    """Make a valid job; name only what the test is about."""

    def make(**about: Any) -> Job:
        sane: dict[str, Any] = {
            "id": "019b7963-4a00-7000-8000-000000000001",
            "tenant": "acme",
            "kind": "messaging",
            "request": {
                "agentId": "11111111-1111-4111-8111-111111111111",
                "userId": "22222222-2222-4222-8222-222222222222",
                "content": "Hello",
                "metadata": {},
            },
            "created_at": NOON,
            "changed_at": NOON,
            "deadline": NOON + 30_000,
            "retention": 24 * HOUR,
        }
        return Job(**sane | about)

    return make


@pytest.fixture
def a_mission(a_job) -> Callable[..., Job]:
    """Make a valid job for a drone; `mission` names what the test is about of that half."""

    def make(*, mission: Mapping[str, Any] | None = None, **about: Any) -> Job:
        sane: dict[str, Any] = {"name": "Round", "group": "harbour", "priority": 5, "due_at": NOON}
        job = {
            "kind": "missions",
            "request": {"metadata": {}, "action": "HOVER", "waypoints": []},
            "deadline": NOON + HOUR,
            "details": Mission(**sane | (mission or {})),
        }
        return a_job(**job | about)

    return make


@pytest.fixture
def a_docs_job(a_job) -> Callable[..., Job]:
    """Make a valid job of a documentation agent; `session` names what the test is about there."""

    def make(*, session: Mapping[str, Any] | None = None, **about: Any) -> Job:
        sane: dict[str, Any] = {
            "project": "demo-docs",
            "branch": "docs-agent/1",
            "model": "sonnet",
            "repository": "https://git.example/demo/docs.git",
        }
        job = {
            "kind": "docs",
            "request": {"messages": [{"role": "user", "content": "say Hello"}], "v": 1},
            "deadline": NOON + HOUR,
            "details": DocsJob(**sane | (session or {})),
        }
        return a_job(**job | about)

    return make


class BothEnds(LoadFileScheduling):
    """Every other process takes tests from the queue's end: so fewer start the shared stack.

    A file's tests stay together, and so do all that need the paid stack: it starts once then.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "paid" if is_paid(nodeid) else super()._split_scope(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if int(node.gateway.id.removeprefix("gw")) % 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


def is_paid(nodeid: str) -> bool:
    return nodeid.startswith("tests/e2e/payments/") or "::test_paid_example" in nodeid


def pytest_report_header() -> str:
    if changed := sorted(find_changed_parts()):
        return f"equipment changed, so its tests run: {', '.join(changed)} (see make equipment)"
    return "equipment unchanged, so its tests do not run (see make equipment)"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BothEnds:
    return BothEnds(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The shared stack's tests at one end, those with a stack of their own at the other.

    Where the processes meet is what is over soon, so that none works alone at the end: tests of
    faults, which wait for long, come before the others on their stack.
    """
    # The shared stack's longest files are the alphabet's first: backwards, they are not met last.
    files = {file: at for at, file in enumerate(dict.fromkeys(each.path for each in items))}
    items.sort(key=lambda each: (place := _place(each), -files[each.path] if place == 0 else 0))


def _place(item: pytest.Item) -> int:
    if is_paid(item.nodeid):
        return 5
    end_to_end = item.nodeid.startswith("tests/e2e/")
    shares = {"stack", "cloud"} & {*getattr(item, "fixturenames", ())}
    if shares and end_to_end:
        return -1 if "faults" in item.path.name else 0
    if shares or "ministack" in item.nodeid:
        return 1
    if item.nodeid.startswith(("tests/handlers/", "tests/unit/")):
        return 2
    return 4 if end_to_end else 3


@pytest.fixture
def rewire(monkeypatch) -> Callable[..., None]:
    """Replace parts of wirings until the test is over: `rewire(missions, fleet=fleet)`."""

    def replace(*wirings: object, **parts: object) -> None:
        for wiring in wirings:
            for name, part in parts.items():
                monkeypatch.setitem(vars(wiring), name, part)

    return replace


@pytest.fixture
def lambda_context() -> SimpleNamespace:
    return SimpleNamespace(
        function_name="f",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:f",
        aws_request_id="11111111-2222-3333-4444-555555555555",
        get_remaining_time_in_millis=lambda: 10_000,
    )


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """The whole system, deployed from the built template; shared, so use ids of your own."""
    with run_stack() as started:
        yield started


@pytest.fixture(scope="session")
def chain_tools() -> None:
    if not (CONTRACTS.exists() and (TOOLS / "chain/.ready").exists()):
        missing(f"the local chains are not installed: make .tools/chain/.ready {CONTRACTS}")


@pytest.fixture(scope="session")
def chains(chain_tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chains]:
    """Blockchains to pay on, with a facilitator."""
    with running_chains(tmp_path_factory.mktemp("chains")) as started:
        yield started


@pytest.fixture(scope="session")
def node() -> Callable[..., Any]:
    """Run a script of tests/node and return the JSON that it prints."""
    if not (shutil.which("node") and (NODE / "node_modules/.ready").exists()):
        missing("Node or the npm packages are missing: make tests/node/node_modules/.ready")

    def run(script: str, argument: Any) -> Any:
        done = subprocess.run(
            ["node", NODE / script, json.dumps(argument)],
            capture_output=True,
            check=False,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
