"""AWS calls and consumed capacity of each request."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from bench import requests
from bench.meter import Calls
from bench.report import Row, Section
from bench.requests import Event
from bench.sandbox import Sandbox, open_sandbox
from bench.setting import Setting
from local.kit.progress import step

CREATE: Final = "messaging.create_job"
MISSION: Final = "missions.create_job"
DOCS: Final = "docs.create_job_v2"
STORED_JOBS: Final = 60
STORED_MISSIONS: Final = 30  # the rate limit of an organisation is 60 per minute
STORED_DOCS_JOBS: Final = 12
LARGE: Final = "x" * 50_000
NOTES: Final = """\
Calls of a warm function; `first` lists the additional calls of a first request: the registry and
secrets are cached for a minute.

Write units are the emulator's, which follow AWS's rules; read units come from item sizes, by AWS's
published formula.

docs: requests that start an agent count towards the limit of 100 per hour, unless the idempotency
key is known.

create, mission: create: one of the calls enforces the rate limit. A large body is one more. For
messages and docs jobs, two calls take a slot and send the job to its worker.

list of 50: 50 jobs of 19 characters each, with a signed cursor, as more jobs follow.
"""


class Operation(NamedTuple):
    handler: str
    make: Callable[[], Event]
    budget: int | None = None


def run(setting: Setting) -> Section:
    with open_sandbox(setting.stack, "calls") as sandbox, step("calls: each request twice"):
        jobs = Jobs(sandbox)
        rows = [
            measure_operation(sandbox, name, each) for name, each in build_operations(jobs).items()
        ]
    return Section(title="AWS calls per request", rows=rows, notes=NOTES)


class Jobs:
    """Stored jobs for the requests."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._key = 0
        self.large = self.create(LARGE)
        self.small = [self.create() for _ in range(STORED_JOBS)][-1]
        self.mission = [self.create_mission() for _ in range(STORED_MISSIONS)][-1]
        self.docs = [self.create_docs_job() for _ in range(STORED_DOCS_JOBS)][-1]

    def create(self, content: str = "Hello, who are you?") -> str:
        return str(self._sandbox.ask(CREATE, requests.create(content))["jobId"])

    def create_mission(self) -> str:
        return str(self._sandbox.ask(MISSION, requests.create_mission())["job"]["jobId"])

    def create_docs_job(self) -> str:
        return str(self._sandbox.ask(DOCS, requests.create_docs_job())["id"])

    def key(self) -> str:
        self._key += 1
        return f"key-{self._key}"


def build_operations(jobs: Jobs) -> Mapping[str, Operation]:
    return {  # large jobs last, so that lists contain small ones
        "create": Operation(CREATE, requests.create, 4),
        "create, Idempotency-Key": Operation(CREATE, lambda: requests.create(key=jobs.key()), 4),
        "get": Operation("messaging.get_job", lambda: requests.get_job(jobs.small), 1),
        "list of 50": Operation("messaging.list_jobs", requests.list_jobs, 2),
        "list of 50, by status": Operation(
            "messaging.list_jobs", lambda: requests.list_jobs(status="pending"), 2
        ),
        "health": Operation("messaging.get_health", requests.request, 1),
        "cancel": Operation("messaging.cancel_job", lambda: requests.get_job(jobs.create()), 2),
        "agents": Operation("messaging.list_agents", requests.request),
        "mission: create": Operation(MISSION, requests.create_mission, 2),
        "mission: create, Idempotency-Key": Operation(
            MISSION, lambda: requests.create_mission(key=jobs.key())
        ),
        "mission: get": Operation(
            "missions.get_job", lambda: requests.get_mission(jobs.mission), 1
        ),
        "mission: list of 20": Operation("missions.list_jobs", requests.list_missions, 2),
        "mission: update": Operation(
            "missions.update_job", lambda: requests.update_mission(jobs.mission)
        ),
        "mission: cancel": Operation(
            "missions.cancel_job", lambda: requests.get_mission(jobs.create_mission()), 2
        ),
        "mission: resources": Operation("missions.list_resources", requests.list_resources),
        "docs: create (v2)": Operation(DOCS, requests.create_docs_job),
        "docs: create (v2), Idempotency-Key": Operation(
            DOCS, lambda: requests.create_docs_job(key=jobs.key())
        ),
        "docs: get": Operation("docs.get_job", lambda: requests.get_docs_job(jobs.docs)),
        "docs: list of 12": Operation("docs.list_jobs", requests.list_docs_jobs),
        "docs: message": Operation(
            "docs.message_job_v2", lambda: requests.create_docs_job(job_id=jobs.docs)
        ),
        "create, 50 KB": Operation(CREATE, lambda: requests.create(LARGE), 5),
        "get, 50 KB": Operation("messaging.get_job", lambda: requests.get_job(jobs.large), 1),
    }


def measure_operation(sandbox: Sandbox, name: str, operation: Operation) -> Row:
    sandbox.forget()
    sandbox.free_slots()
    first = sandbox.count_calls(operation.handler, operation.make())
    sandbox.free_slots()  # a slot that is taken costs another call
    again = sandbox.count_calls(operation.handler, operation.make())
    return Row(
        name=name,
        value=again.total,
        unit="calls",
        budget=operation.budget,
        details={"WRU": again.write_units, "RRU": again.read_units},
        note=describe_first_call(first, again),
    )


def describe_first_call(first: Calls, again: Calls) -> str:
    more = first.count - again.count
    return "first: " + ", ".join(f"{n} {name}" for name, n in more.items()) if more else ""
