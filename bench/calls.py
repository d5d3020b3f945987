"""AWS calls and consumed capacity of each request."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from bench import requests
from bench.meter import Calls
from bench.report import Row, Section
from bench.requests import Event
from bench.scene import Scene, scene
from bench.setting import Setting
from local.kit.progress import step

CREATE: Final = "messaging.create_job"
MISSION: Final = "missions.create_job"
WRITING: Final = "docs.create_job_v2"
STORED: Final = 60
MISSIONS: Final = 30  # an organisation may create sixty a minute
WRITINGS: Final = 12
LARGE: Final = "x" * 50_000
NOTES: Final = """\
Calls of a warm function; `first` names what its first call makes besides: the registry is kept
for a minute, and so is a secret.

Write units as the emulator tells them, which follow AWS's rules; read units from item sizes, by
AWS's published formula.

docs: what makes an agent work is counted for the limit of 100 an hour, unless its key is known.

mission: create: one of its calls is the rate limit's, which the budget did not foresee.

list of 50: 50 jobs of 19 characters each; a cursor is signed, as more follow.
"""


class Operation(NamedTuple):
    handler: str
    make: Callable[[], Event]
    budget: int | None = None


def run(setting: Setting) -> Section:
    with scene(setting.stack, "calls") as stage, step("calls: each request, first and again"):
        jobs = Jobs(stage)
        rows = [measured(stage, name, each) for name, each in operations(jobs).items()]
    return Section(title="AWS calls per request", rows=rows, notes=NOTES)


class Jobs:
    """Jobs for requests to be about."""

    def __init__(self, stage: Scene) -> None:
        self._stage = stage
        self._key = 0
        self.large = self.new(LARGE)
        self.small = [self.new() for _ in range(STORED)][-1]
        self.mission = [self.new_mission() for _ in range(MISSIONS)][-1]
        self.writing = [self.new_writing() for _ in range(WRITINGS)][-1]

    def new(self, content: str = "Hello, who are you?") -> str:
        return str(self._stage.ask(CREATE, requests.create(content))["jobId"])

    def new_mission(self) -> str:
        return str(self._stage.ask(MISSION, requests.create_mission())["job"]["jobId"])

    def new_writing(self) -> str:
        return str(self._stage.ask(WRITING, requests.prompt())["id"])

    def key(self) -> str:
        self._key += 1
        return f"key-{self._key}"


def operations(jobs: Jobs) -> Mapping[str, Operation]:
    return {  # large ones last: lists are of small ones
        "create": Operation(CREATE, requests.create, 2),
        "create, Idempotency-Key": Operation(CREATE, lambda: requests.create(key=jobs.key()), 2),
        "get": Operation("messaging.get_job", lambda: requests.of_job(jobs.small), 1),
        "list of 50": Operation("messaging.list_jobs", requests.listing, 2),
        "list of 50, by status": Operation(
            "messaging.list_jobs", lambda: requests.listing(status="pending"), 2
        ),
        "health": Operation("messaging.get_health", requests.request, 1),
        "cancel": Operation("messaging.cancel_job", lambda: requests.of_job(jobs.new()), 2),
        "agents": Operation("messaging.list_agents", requests.request),
        "mission: create": Operation(MISSION, requests.create_mission, 2),
        "mission: create, Idempotency-Key": Operation(
            MISSION, lambda: requests.create_mission(key=jobs.key())
        ),
        "mission: get": Operation("missions.get_job", lambda: requests.of_mission(jobs.mission), 1),
        "mission: list of 20": Operation("missions.list_jobs", requests.missions, 2),
        "mission: update": Operation(
            "missions.update_job", lambda: requests.update_mission(jobs.mission)
        ),
        "mission: cancel": Operation(
            "missions.cancel_job", lambda: requests.of_mission(jobs.new_mission()), 2
        ),
        "mission: resources": Operation("missions.list_resources", requests.resources),
        "docs: create (v2)": Operation(WRITING, requests.prompt),
        "docs: create (v2), Idempotency-Key": Operation(
            WRITING, lambda: requests.prompt(key=jobs.key())
        ),
        "docs: get": Operation("docs.get_job", lambda: requests.of_writing(jobs.writing)),
        "docs: list of 12": Operation("docs.list_jobs", requests.of_project),
        "docs: message": Operation(
            "docs.message_job_v2", lambda: requests.prompt(job_id=jobs.writing)
        ),
        "create, 50 KB": Operation(CREATE, lambda: requests.create(LARGE), 2),
        "get, 50 KB": Operation("messaging.get_job", lambda: requests.of_job(jobs.large), 1),
    }


def measured(stage: Scene, name: str, operation: Operation) -> Row:
    stage.forget()
    first = stage.counted(operation.handler, operation.make())
    again = stage.counted(operation.handler, operation.make())
    return Row(
        what=name,
        value=again.total,
        unit="calls",
        budget=operation.budget,
        beside={"WRU": again.write_units, "RRU": again.read_units},
        note=extras(first, again),
    )


def extras(first: Calls, again: Calls) -> str:
    more = first.count - again.count
    return "first: " + ", ".join(f"{n} {name}" for name, n in more.items()) if more else ""
