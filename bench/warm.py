"""Measure the CPU time of a request to a warm function."""

import gc
import os
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Final

from bench import requests
from bench.replay import replaying
from bench.report import Row, Section
from bench.requests import Event
from bench.sandbox import Sandbox, open_sandbox
from bench.setting import Setting
from jobs.kit.aws.clients import clients
from jobs.kit.aws.dynamodb.attributes import attributes
from jobs.kit.clock import now
from local.kit.progress import step

WARM_UP: Final = 30
REQUESTS: Final = 1000
QUICK_REQUESTS: Final = 300
BUDGETS: Final = {"create": 0.6, "get": 0.5, "list of 50": 1.0, "mission: create": 2.5}


def run(setting: Setting) -> Section:
    count = QUICK_REQUESTS if setting.quick else REQUESTS
    with open_sandbox(setting.stack, "warm", metered=False) as sandbox:
        operations = build_operations(sandbox)
        sandbox.free_slots()  # so that a create takes one, and sends its job
        with replaying(sandbox.environment["AWS_ENDPOINT_URL"]) as os.environ["AWS_ENDPOINT_URL"]:
            sandbox.forget()  # the clients of the emulator
            gc.freeze()  # as after Lambda's init
            rows = [measure_floor(sandbox, count)]
            for name, (handler, make) in operations.items():
                with step(f"warm: {name}, {count} requests"):
                    rows.append(build_row(name, time_requests(sandbox, handler, make, count)))
            gc.unfreeze()
    return Section(title="Warm CPU, least of the requests", rows=rows, notes=NOTES)


NOTES: Final = f"""\
The least of {REQUESTS} calls ({QUICK_REQUESTS} with --quick) after {WARM_UP}: other work on the
machine only adds to it. The AWS calls are made, by the client that functions have in Lambda. A
server repeats what the emulator has answered.
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
        "cancel": ("messaging.cancel_job", lambda: requests.get_job(jobs[0])),
        "agents": ("messaging.list_agents", requests.request),
        "mission: create": ("missions.create_job", requests.create_mission),
        "mission: get": ("missions.get_job", lambda: requests.get_mission(mission)),
        "mission: list of 20": ("missions.list_jobs", requests.list_missions),
        "mission: cancel": ("missions.cancel_job", lambda: requests.get_mission(mission)),
        "create, 50 KB": ("messaging.create_job", lambda: requests.create("x" * 50_000)),
    }


class Missions:
    """Creates missions, and resets the rate limit before each."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._dynamodb = sandbox.client("dynamodb")

    def create(self) -> str:
        self._reset_limit()
        created = self._sandbox.ask("missions.create_job", requests.create_mission())
        return str(created["job"]["jobId"])

    def _reset_limit(self) -> None:
        window = {"PK": f"LIMIT#{requests.TENANT}#create", "SK": "WINDOW"}
        self._dynamodb.put_item(
            TableName=self._sandbox.environment["MISSION_TABLE"],
            Item=attributes({**window, "taken": 0, "resets_at": now() + 60_000}),
        )


def measure_floor(sandbox: Sandbox, count: int) -> Row:
    """Measure one call of the client: the lowest cost of any request with a call."""
    client, table = clients.dynamodb, sandbox.environment["JOB_TABLE"]
    item = attributes({"PK": "floor", "SK": "floor"})
    with step(f"warm: one PutItem, {count} times"):
        times = time_calls(
            lambda: item, lambda it: client.put_item(TableName=table, Item=it), count
        )
    return build_row("the client's floor: one PutItem", times)


def create_job(sandbox: Sandbox) -> str:
    return str(sandbox.ask("messaging.create_job", requests.create())["jobId"])


def time_requests(
    sandbox: Sandbox, handler: str, make: Callable[[], Event], count: int
) -> list[float]:
    sandbox.ask(handler, make())  # raises an error if it is not answered as it should be
    return time_calls(make, lambda event: sandbox.call(handler, event), count)


def time_calls[T](
    prepare: Callable[[], T], work: Callable[[T], object], count: int = QUICK_REQUESTS
) -> list[float]:
    """Return the CPU time in ms of each `work` after the warm-up, without `prepare`."""
    times = []
    for _ in range(WARM_UP + count):
        prepared = prepare()
        start = time.process_time_ns()
        work(prepared)
        times.append((time.process_time_ns() - start) / 1e6)
    return times[WARM_UP:]


def build_row(name: str, times: list[float]) -> Row:
    return Row(
        name=name,
        value=min(times),
        unit="ms",
        budget=BUDGETS.get(name),
        details={"median": statistics.median(times)},
    )
