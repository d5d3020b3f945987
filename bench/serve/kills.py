"""Kill the server again and again while clients create jobs; count jobs lost or done twice."""

import http.client
import os
import signal
import sqlite3
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import Final

from bench.report import Row
from bench.serve.caller import Address, Caller, CallError
from bench.serve.process import PARAMETERS, find_server
from local.kit.errors import LocalStackError
from local.kit.network import bind_port
from local.kit.progress import step
from local.stack.server_process import run_server

CLIENTS: Final = 8
RETRY_S: Final = 0.05
RESTART_BUDGET_S: Final = 2
MAX_WAIT_S: Final = 60.0


@dataclass(frozen=True)
class Outcome:
    kills: int
    starts_s: list[float]
    wanted: int
    completed: int
    """By the counters."""
    acknowledged: Mapping[int, str]


def run(folder: Path, *, jobs: int, life_s: float) -> list[Row]:
    """Let each server live as long. Return what was lost, and how long starts took."""
    with step(f"serve: {jobs:,} jobs, killed every {life_s:g} s"):
        outcome = run_until_all_completed(folder, jobs, life_s)
    return build_rows(folder / "data/sortie.db", outcome)


def run_until_all_completed(folder: Path, jobs: int, life_s: float) -> Outcome:
    with bind_port(0) as bound:
        port = bound.getsockname()[1]
    load, starts, kills, completed = Load(jobs), [], 0, 0
    with ThreadPoolExecutor(CLIENTS) as pool:
        while True:
            began = time.perf_counter()
            with run_server(folder, port, parameters=PARAMETERS) as (server, process):
                starts.append(time.perf_counter() - began)
                if not kills:
                    load.begin(pool, Address("serve", server.base_url, server.api_key))
                if load.done.wait(life_s):
                    completed = wait_for(load, server.api_key, server.base_url)
                    break
                os.kill(find_server(process), signal.SIGKILL)
                kills += 1
    return Outcome(kills, starts, jobs, completed, load.ids)


def wait_for(load: "Load", key: str, url: str) -> int:
    """Return the number of completed jobs, once it is that of all or has not changed for long."""
    with closing(Caller(Address("serve", url, key))) as caller:
        until = time.monotonic() + MAX_WAIT_S
        while (completed := caller.count_completed()) < len(load.ids):
            if time.monotonic() > until:
                break
            time.sleep(RETRY_S)
        return completed


class Load:
    """Clients that repeat each request until it is acknowledged, with its Idempotency-Key."""

    def __init__(self, jobs: int) -> None:
        self.ids: dict[int, str] = {}
        self.done = Event()
        self._numbers: Iterator[int] = iter(range(jobs))
        self._lock = Lock()
        self._busy = CLIENTS

    def begin(self, pool: ThreadPoolExecutor, address: Address) -> None:
        for _ in range(CLIENTS):
            pool.submit(self._create_all, address)

    def _create_all(self, address: Address) -> None:
        caller = Caller(address)
        try:
            while (number := self._take()) is not None:
                self.ids[number] = self._create(caller, number)
        finally:
            caller.close()
            with self._lock:
                self._busy -= 1
                if not self._busy:
                    self.done.set()

    def _take(self) -> int | None:
        with self._lock:
            return next(self._numbers, None)

    @staticmethod
    def _create(caller: Caller, number: int) -> str:
        until = time.monotonic() + MAX_WAIT_S
        while time.monotonic() < until:
            try:
                return str(caller.create(f"{number}", Idempotency_Key=f"{number}")["jobId"])
            except (OSError, http.client.HTTPException, CallError):
                caller.close()
                time.sleep(RETRY_S)
        raise LocalStackError(f"job {number} was not created within {MAX_WAIT_S:.0f} s")


def build_rows(file: Path, outcome: Outcome) -> list[Row]:
    with closing(sqlite3.connect(file)) as database:
        stored = database.execute("SELECT id, status, sequence FROM jobs").fetchall()
        [(used,)] = database.execute(
            "SELECT sum(count) FROM usage WHERE key_id = '' AND name = 'SUCCEEDED'"
        ).fetchall()
    ended = {id_ for id_, status, _ in stored if status == "SUCCEEDED"}
    wanted = outcome.wanted
    changes = {sequence for _, _, sequence in stored}
    lost = wanted - len(ended & {*outcome.acknowledged.values()})
    again = len(stored) - wanted + sum(sequence > min(changes) for _, _, sequence in stored)
    off = abs(outcome.completed - wanted) + abs(used - wanted)
    note = f"{outcome.kills} kills, {wanted:,} jobs"
    return [
        Row(name="jobs lost by kill -9", value=lost, budget=0, note=note),
        Row(name="jobs created or ended twice", value=again, budget=0),
        Row(name="counters and usage off by", value=off, budget=0),
        Row(
            name="ready after kill -9, worst",
            value=max(outcome.starts_s),
            unit="s",
            budget=RESTART_BUDGET_S,
        ),
    ]
