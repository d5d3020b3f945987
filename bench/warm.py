"""CPU time of a request to a function that has been called before."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Final

from bench import requests
from bench.report import Row, Section
from bench.requests import Event
from bench.scene import Scene, scene
from bench.setting import Setting
from jobs.core import wiring as bootstrap
from jobs.core.adapters.dynamodb.items import attributes
from local.kit.progress import step

WARM_UP: Final = 30
REQUESTS: Final = 300
BUDGETS: Final = {"create": 2.5, "mission: create": 2.5}


def run(setting: Setting) -> Section:
    with scene(setting.stack, "warm", metered=False) as stage:
        rows = [floor(stage)]
        for name, (handler, make) in operations(stage).items():
            with step(f"warm: {name}, {REQUESTS} requests"):
                rows.append(row(name, measured(stage, handler, make)))
    return Section(title="Warm CPU per request", rows=rows, notes=NOTES)


NOTES: Final = f"""\
Median of {REQUESTS} calls after {WARM_UP}; the AWS calls are made, the waiting for them is no
CPU time.
"""


def operations(stage: Scene) -> Mapping[str, tuple[str, Callable[[], Event]]]:
    made = [stage.ask("messaging.create_job", requests.create())["jobId"] for _ in range(60)]
    missions = Missions(stage)
    flown = [missions.new() for _ in range(30)][-1]
    return {  # large ones last: lists are of small ones
        "create": ("messaging.create_job", requests.create),
        "get": ("messaging.get_job", lambda: requests.of_job(made[0])),
        "list of 50": ("messaging.list_jobs", requests.listing),
        "health": ("messaging.get_health", requests.request),
        "cancel": ("messaging.cancel_job", lambda: requests.of_job(new_job(stage))),
        "agents": ("messaging.list_agents", requests.request),
        "mission: create": ("missions.create_job", missions.create),
        "mission: get": ("missions.get_job", lambda: requests.of_mission(flown)),
        "mission: list of 20": ("missions.list_jobs", requests.missions),
        "mission: cancel": ("missions.cancel_job", lambda: requests.of_mission(missions.new())),
        "create, 50 KB": ("messaging.create_job", lambda: requests.create("x" * 50_000)),
    }


class Missions:
    """More of them than an organisation may create in a minute."""

    def __init__(self, stage: Scene) -> None:
        self._stage = stage
        self._dynamodb = stage.client("dynamodb")

    def create(self) -> Event:
        self._refill()
        return requests.create_mission()

    def new(self) -> str:
        return str(self._stage.ask("missions.create_job", self.create())["job"]["jobId"])

    def _refill(self) -> None:
        window = {"PK": f"LIMIT#{requests.TENANT}#create", "SK": "WINDOW"}
        self._dynamodb.put_item(
            TableName=self._stage.environment["MISSION_TABLE"],
            Item=attributes({**window, "taken": 0, "resets_at": bootstrap.now() + 60_000}),
        )


def floor(stage: Scene) -> Row:
    """One call of the SDK and nothing else: what no request that makes a call gets below."""
    client, table = bootstrap.client("dynamodb"), stage.environment["JOB_TABLE"]
    item = attributes({"PK": "floor", "SK": "floor"})
    with step(f"warm: one PutItem, {REQUESTS} times"):
        taken = timed(lambda: item, lambda one: client.put_item(TableName=table, Item=one))
    return row("the client's floor: one PutItem", taken)


def new_job(stage: Scene) -> str:
    return str(stage.ask("messaging.create_job", requests.create())["jobId"])


def measured(stage: Scene, handler: str, make: Callable[[], Event]) -> list[float]:
    return timed(make, lambda event: stage.call(handler, event))


def timed[T](prepare: Callable[[], T], work: Callable[[T], object]) -> list[float]:
    """Milliseconds of CPU time of each `work`, once it is warm; preparing it does not count."""
    taken = []
    for _ in range(WARM_UP + REQUESTS):
        prepared = prepare()
        start = time.process_time_ns()
        work(prepared)
        taken.append((time.process_time_ns() - start) / 1e6)
    return taken[WARM_UP:]


def row(name: str, taken: list[float]) -> Row:
    return Row(
        what=name,
        value=statistics.median(taken),
        unit="ms",
        budget=BUDGETS.get(name),
        beside={"mean": statistics.mean(taken)},
    )
