"""Measure the server of `make serve`, in turns with `make up` and, where it is there, a peer.

`PEER` and `PEER_KEY` name another server of the messaging API, as for the section `peers`.
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.report import Row, Section
from bench.serve import kills
from bench.serve.caller import (
    AT_A_TIME,
    JOBS,
    Address,
    Caller,
    connect,
    measure_ms,
    measure_together_ms,
    run_jobs,
)
from bench.serve.many_jobs import copy_ended_job
from bench.serve.process import PARAMETERS, has_proc, read_cpu_s, read_memory_mb
from bench.setting import Setting, median
from local.kit.process import Process
from local.kit.progress import step
from local.stack.server_process import ServerStack, run_server

READY_BUDGET_S: Final = 2
BUDGETS_MS: Final = {"get": 2, "create": 4, "create → completed": 12}
TOGETHER: Final = f"create → completed, {AT_A_TIME} at a time"
TOGETHER_BUDGET_MS: Final = 60
MIN_JOBS_A_SECOND: Final = 300
CPU_BUDGET_MS: Final = 5
MEMORY_BUDGET_MB: Final = 120
IDLE_BUDGET_PERCENT: Final = 0.5
MAX_GROWTH: Final = 1.2
SIZE_BUDGET_GB: Final = 2
SERVE: Final = "serve"
LISTED: Final = 20
NOTES: Final = """\
Clients and servers share this machine's cores. An answer is that of an agent without latency, which
the request waits for (`Prefer: wait`). The requests of all servers, and of the files with one job
and with many, are measured in turns, so that a busy moment of the machine hits all.

A start is that of `make serve`, demo registry and git server included. CPU is the server's own,
polls excluded. The many jobs are copies of one that has ended, in the same tables.

A kill is a `kill -9`. Clients repeat what was not acknowledged, with the same Idempotency-Key.
"""

type Figures = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Size:
    """How much a run measures."""

    rounds: int
    samples: int
    jobs: int
    stored: int
    idle_s: float
    killed_jobs: int
    life_s: float


FULL: Final = Size(
    rounds=5, samples=30, jobs=2000, stored=10**6, idle_s=10, killed_jobs=10_000, life_s=5
)
QUICK: Final = Size(
    rounds=3, samples=20, jobs=500, stored=10**5, idle_s=4, killed_jobs=1000, life_s=1
)


def run(setting: Setting) -> Section:
    size = QUICK if setting.quick else FULL
    with TemporaryDirectory() as name:
        folder = Path(name)
        rows = [*measure_start(folder / "first"), *measure_rest(folder / "first", size)]
        rows += compare(setting, folder, size)
        rows += kills.run(make(folder / "killed"), jobs=size.killed_jobs, life_s=size.life_s)
    return Section(title="Server", rows=rows, notes=NOTES)


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


def measure_start(folder: Path) -> Iterator[Row]:
    folder.mkdir()
    for name in ("first start", "next start"):
        with step(f"serve: {name}"):
            began = time.perf_counter()
            with run_server(folder):
                seconds = time.perf_counter() - began
        yield Row(name=f"{name}: ready", value=seconds, unit="s", budget=READY_BUDGET_S)


def measure_rest(folder: Path, size: Size) -> Iterator[Row]:
    if not has_proc():
        return
    with step("serve: at rest"), run_server(folder) as (_, process):
        time.sleep(1)
        before = read_cpu_s(process)
        time.sleep(size.idle_s)
        busy = (read_cpu_s(process) - before) / size.idle_s * 100
        memory = read_memory_mb(process)
    yield Row(name="memory at rest", value=memory, unit="MB", budget=MEMORY_BUDGET_MB)
    yield Row(name="CPU at rest", value=busy, unit="%", budget=IDLE_BUDGET_PERCENT)


def compare(setting: Setting, folder: Path, size: Size) -> Iterator[Row]:
    """Measure requests: the server with one job and with many, `make up`, and a peer."""
    with step("serve: make up"):
        other = [Address("make up", setting.stack.base_url, setting.stack.api_key)]
    if url := os.environ.get("PEER"):
        other.append(Address("the peer", url, os.environ.get("PEER_KEY", "")))
    file = fill(folder / "many", size.stored)
    with ExitStack() as cleanup:
        small, process = cleanup.enter_context(serve(make(folder / "small")))
        large, _ = cleanup.enter_context(serve(folder / "many"))
        addresses = [address_of(small), *other]
        with step(f"serve: requests, in turns with {', '.join(each.name for each in other)}"):
            measured = measure_in_turns(addresses, size)
        with step(f"serve: requests, one job and {size.stored:,} in turns"):
            growth = measure_growth(address_of(small), address_of(large), size)
        with step(f"serve: {size.jobs:,} jobs"), connect(address_of(small)) as callers:
            before = read_cpu_s(process) if has_proc() else 0.0
            seconds = run_jobs(callers, size.jobs)
            cpu = (read_cpu_s(process) - before if has_proc() else 0.0) / size.jobs * 1000
    budgets = {**BUDGETS_MS, TOGETHER: TOGETHER_BUDGET_MS}
    for name, budget in budgets.items():
        yield build_row(name, budget, {each: measured[each][name] for each in measured})
    yield Row(
        name="1,000 jobs",
        value=seconds / size.jobs * 1000,
        unit="s",
        budget=1000 / MIN_JOBS_A_SECOND,
        details={"jobs/s": size.jobs / seconds},
    )
    if has_proc():
        yield Row(name="CPU of a job", value=cpu, unit="ms", budget=CPU_BUDGET_MS)
    yield growth
    yield Row(
        name=f"file of {size.stored:,} jobs",
        value=file.stat().st_size / 1e9 * 10**6 / size.stored,
        unit="GB/M",
        budget=SIZE_BUDGET_GB,
    )


@contextmanager
def serve(folder: Path) -> Iterator[tuple[ServerStack, Process]]:
    with run_server(folder, parameters=PARAMETERS) as started:
        yield started


def address_of(server: ServerStack) -> Address:
    return Address(SERVE, server.base_url, server.api_key)


def fill(folder: Path, count: int) -> Path:
    """Return a database with as many ended jobs."""
    with step(f"serve: storing {count:,} jobs"):
        folder.mkdir()
        with serve(folder) as (server, _), connect(address_of(server), 1) as [caller]:
            caller.answer()
            while not caller.count_completed():
                time.sleep(0.01)
        file = folder / "data/sortie.db"
        copy_ended_job(file, count)
    return file


def measure_in_turns(addresses: Sequence[Address], size: Size) -> Mapping[str, Figures]:
    measured: dict[str, dict[str, list[float]]] = {
        each.name: defaultdict(list) for each in addresses
    }
    for _ in range(size.rounds):
        for address in addresses:
            figures = measured[address.name]
            times = size.samples if address.name == SERVE else size.samples // 5
            with connect(address) as callers:
                first, *_ = callers
                job = first.answer()
                get = partial(first.call, "GET", f"{JOBS}/{job['jobId']}")
                for name, work in (
                    ("get", get),
                    ("create", first.create),
                    ("create → completed", first.answer),
                ):
                    figures[name] += measure_ms(work, times)
                figures[TOGETHER] += measure_together_ms(callers, max(2, times // 5))
    return measured


def measure_growth(small: Address, large: Address, size: Size) -> Row:
    """Return by how much the request that grows most takes longer with many jobs."""
    medians: dict[str, list[float]] = {}
    with connect(small, 1) as [one], connect(large, 1) as [other]:
        for caller in (one, other):  # so that both lists have full pages
            measure_ms(caller.answer, LISTED)
        for name in find_requests(one):
            works = [find_requests(each)[name] for each in (one, other)]
            taken: list[list[float]] = [[], []]
            for _ in range(size.rounds * 2):
                for work, times in zip(works, taken, strict=True):
                    times.extend(measure_ms(work, size.samples))
            medians[name] = [median(each) for each in taken]
    growth = {name: many / one for name, (one, many) in medians.items()}
    return Row(
        name=f"slowest with {size.stored:,} jobs",
        value=max(growth.values()),
        unit="times",
        budget=MAX_GROWTH,
        note=", ".join(f"{name} {times:.2f}" for name, times in growth.items()),
    )


def find_requests(caller: Caller) -> Mapping[str, Callable[[], object]]:
    job_id = caller.answer()["jobId"]
    paths = {
        "get": f"{JOBS}/{job_id}",
        "list": f"{JOBS}?limit={LISTED}",
        "list of completed": f"{JOBS}?limit={LISTED}&status=completed",
        "health": f"{JOBS}/health",
    }
    reads = {name: partial(caller.call, "GET", path) for name, path in paths.items()}
    return {**reads, "create": caller.create, "answer": caller.answer}


def build_row(name: str, budget: float, measured: Mapping[str, Sequence[float]]) -> Row:
    medians = {who: median(values) for who, values in measured.items()}
    others = {f"ms {who}": value for who, value in medians.items() if who != SERVE}
    return Row(name=name, value=medians[SERVE], unit="ms", budget=budget, details=others)
