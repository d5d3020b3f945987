"""Measure the CPU time of a request to a warm function."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Final

from bench import requests
from bench.report import Row, Section
from bench.requests import Event
from bench.sandbox import Sandbox, open_sandbox
from bench.setting import Setting
from jobs.kit.aws.clients import clients
from jobs.kit.aws.dynamodb.attributes import attributes
from jobs.kit.clock import now
from local.kit.progress import step

WARM_UP: Final = 30
REQUESTS: Final = 300
BUDGETS: Final = {"create": 2.5, "mission: create": 2.5}


def run(setting: Setting) -> Section:
    with open_sandbox(setting.stack, "warm", metered=False) as sandbox:
        rows = [measure_floor(sandbox)]
        for name, (handler, make) in build_operations(sandbox).items():
            with step(f"warm: {name}, {REQUESTS} requests"):
                rows.append(build_row(name, time_requests(sandbox, handler, make)))
    return Section(title="Warm CPU per request", rows=rows, notes=NOTES)


NOTES: Final = f"""\
Median of {REQUESTS} calls after {WARM_UP}. The AWS calls are made; waiting for them takes no CPU
time.
"""


def build_operations(sandbox: Sandbox) -> Mapping[str, tuple[str, Callable[[], Event]]]:
    jobs = [create_job(sandbox) for _ in range(60)]
    missions = Missions(sandbox)
    mission = [missions.create() for _ in range(30)][-1]
    return {  # large jobs last, so that lists contain small ones
        "create": ("messaging.create_job", requests.create),
        "get": ("messaging.get_job", lambda: requests.get_job(jobs[0])),
        "list of 50": ("messaging.list_jobs", requests.list_jobs),
        "health": ("messaging.get_health", requests.request),
        "cancel": ("messaging.cancel_job", lambda: requests.get_job(create_job(sandbox))),
        "agents": ("messaging.list_agents", requests.request),
        "mission: create": ("missions.create_job", missions.prepare_create),
        "mission: get": ("missions.get_job", lambda: requests.get_mission(mission)),
        "mission: list of 20": ("missions.list_jobs", requests.list_missions),
        "mission: cancel": ("missions.cancel_job", lambda: requests.get_mission(missions.create())),
        "create, 50 KB": ("messaging.create_job", lambda: requests.create("x" * 50_000)),
    }


class Missions:
    """Creates missions, and resets the rate limit before each."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._dynamodb = sandbox.client("dynamodb")

    def prepare_create(self) -> Event:
        self._reset_limit()
        return requests.create_mission()

    def create(self) -> str:
        return str(self._sandbox.ask("missions.create_job", self.prepare_create())["job"]["jobId"])

    def _reset_limit(self) -> None:
        window = {"PK": f"LIMIT#{requests.TENANT}#create", "SK": "WINDOW"}
        self._dynamodb.put_item(
            TableName=self._sandbox.environment["MISSION_TABLE"],
            Item=attributes({**window, "taken": 0, "resets_at": now() + 60_000}),
        )


def measure_floor(sandbox: Sandbox) -> Row:
    """Measure one call of the SDK: the lowest cost of any request with a call."""
    client, table = clients.dynamodb, sandbox.environment["JOB_TABLE"]
    item = attributes({"PK": "floor", "SK": "floor"})
    with step(f"warm: one PutItem, {REQUESTS} times"):
        times = time_calls(lambda: item, lambda it: client.put_item(TableName=table, Item=it))
    return build_row("the client's floor: one PutItem", times)


def create_job(sandbox: Sandbox) -> str:
    return str(sandbox.ask("messaging.create_job", requests.create())["jobId"])


def time_requests(sandbox: Sandbox, handler: str, make: Callable[[], Event]) -> list[float]:
    return time_calls(make, lambda event: sandbox.call(handler, event))


def time_calls[T](prepare: Callable[[], T], work: Callable[[T], object]) -> list[float]:
    """Return the CPU time in ms of each `work` after the warm-up, without `prepare`."""
    times = []
    for _ in range(WARM_UP + REQUESTS):
        prepared = prepare()
        start = time.process_time_ns()
        work(prepared)
        times.append((time.process_time_ns() - start) / 1e6)
    return times[WARM_UP:]


def build_row(name: str, times: list[float]) -> Row:
    return Row(
        name=name,
        value=statistics.median(times),
        unit="ms",
        budget=BUDGETS.get(name),
        details={"mean": statistics.mean(times)},
    )
