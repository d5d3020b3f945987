"""Measure cold starts: CPU time, wall time and memory of a new process and its first call."""

import json
import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Final

from bench.replay import replaying
from bench.report import Row, Section
from bench.sandbox import TABLES, Sandbox, open_sandbox
from bench.setting import Setting, median
from jobs.missions.partner import Client, Role
from local.cloud.aws import REGION
from local.cloud.build import LOCAL, read_lock
from local.cloud.template import (
    find_functions,
    find_layer_folders,
    is_web_server,
    load_template,
)
from local.kit.paths import ROOT, find_tool
from local.kit.progress import step
from local.sam_local.invocations import EXAMPLE_CLIENT, ExampleStore, fill_event
from local.stack.seed import read_registry
from scripts.registry_load import create_keys, list_keys, load, open_registry
from scripts.registry_table import RegistryTable

BUDGETS_MS: Final = {"auth": 100, "messaging": 100}
"""By package of functions."""
OTHER_BUDGET_MS: Final = 150
WALL_BUDGET_MS: Final = 150
CREATES: Final = ("MessagingCreateJob", "MissionsCreateJob", "DocsCreateJobV2")
MEMORY_BUDGETS_MB: Final = {"MessagingCreateJob": 30}
ROUNDS: Final = 7
QUICK_ROUNDS: Final = 3
CHILD: Final = Path(__file__).with_name("child.py")
LAYER: Final = "JobsLayer/python"
AUTHORIZER: Final = "auth."
FAILURES: Final = ("failed", "answered 5")
SHOWN: Final = ("init", "first call")
NOTES: Final = """\
User and system time of a new process, minus the bare runtime (an interpreter that has imported
awslambdaric). Layer and function are as built, with their bytecode. The first call has the event in
events/. The least of interleaved runs: other work on the machine only adds to it.

Wall time of init and first call is simulated from CPU times, and from what the call waited. On AWS,
init has a whole CPU; in a call, a function of 512 MB has 0.29 of one. A server repeats what the
emulator has answered. Memory is the most that the process has had, minus the bare runtime's.

The client's floor is botocore and one client, without a call. It also shows the effect of other
work on this machine.

The server uses plain HTTP: on AWS, TLS comes in addition. Its context has Amazon's five roots.
"""


@dataclass(slots=True)
class Start:
    """A process to start repeatedly."""

    name: str
    arguments: Sequence[str | Path] = ()
    path: Sequence[Path] = ()
    budget_ms: float | None = None
    times: list[float] = field(default_factory=list)
    phases: dict[str, list[float]] = field(default_factory=dict)
    """What the process has told: child.py."""
    outcome: str = ""

    @property
    def ms(self) -> float:
        return min(self.times)

    def run(self, environment: Mapping[str, str]) -> None:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [find_tool("runtime/bin/python"), "-P", CHILD, *self.arguments],
            env={
                **environment,
                "AWS_LAMBDA_FUNCTION_NAME": self.name,
                "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
                "AWS_REGION": REGION,
                "PYTHONPATH": os.pathsep.join(map(str, self.path)),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process.stdout or open(os.devnull) as output:  # noqa: PTH123 - there is always a pipe
            lines = output.read().splitlines()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.times.append((usage.ru_utime + usage.ru_stime) * 1000)
        if process.returncode:
            self.outcome = "failed"
            print("\n".join(["", self.name, *lines]), file=sys.stderr)
            return
        phases: dict[str, Any] = json.loads(lines[-1])
        self.outcome = phases.pop("outcome")
        for phase, ms in phases.items():
            self.phases.setdefault(phase, []).append(ms)

    def row(self, *, bare: float) -> Row:
        return Row(
            name=self.name,
            value=self.ms - bare,
            unit="ms",
            budget=self.budget_ms,
            details={
                "median": median(self.times) - bare,
                **{phase: min(self.phases[phase]) for phase in SHOWN if phase in self.phases},
            },
            note=self.outcome,
            failed=self.failed,
        )

    @property
    def failed(self) -> bool:
        return self.outcome.startswith(FAILURES)

    def least(self, phase: str) -> float:
        return min(self.phases.get(phase, [0]))


def run(setting: Setting) -> Section:
    rounds = QUICK_ROUNDS if setting.quick else ROUNDS
    with open_sandbox(setting.stack, "cold") as sandbox, copy_artifact() as artifact:
        bare = Start("bare runtime, excluded below")
        floor = Start("the client's floor, included below", ["--sdk"], [artifact / LAYER])
        starts = create_starts(artifact)
        register(sandbox)
        fill_events(starts, sandbox, artifact)
        tls_ms = measure_tls_context(artifact / LAYER / "jobs/kit/aws/amazon_roots.pem")
        with replaying(sandbox.environment["AWS_ENDPOINT_URL"]) as url:
            environment = {**sandbox.environment, "AWS_ENDPOINT_URL": url}
            for number in range(rounds):
                with step(f"cold: {len(starts)} processes, round {number + 1} of {rounds}"):
                    for start in (bare, floor, *starts):
                        whose = {"AWS_ACCESS_KEY_ID": start.name}  # for replay.py
                        start.run({**environment, **whose})
    rows = [bare.row(bare=0), *(start.row(bare=bare.ms) for start in (floor, *starts))]
    rows += build_first_call_rows(starts, bare)
    rows.append(Row(name="TLS context, additional on AWS", value=tls_ms, unit="ms"))
    return Section(title="Cold start, CPU, least of the runs", rows=rows, notes=NOTES)


def build_first_call_rows(starts: Sequence[Start], bare: Start) -> Iterator[Row]:
    creates = [start for start in starts if start.name in CREATES]
    for start in creates:
        yield Row(
            name=f"{start.name}: init + first call, wall",
            value=start.least("wall"),
            unit="ms",
            budget=WALL_BUDGET_MS,
            note=f"simulated, {start.least('waiting'):.1f} ms of waiting",
            failed=start.failed,
        )
    for start in creates:
        yield Row(
            name=f"{start.name}: memory",
            value=start.least("MB") - bare.least("MB"),
            unit="MB",
            budget=MEMORY_BUDGETS_MB.get(start.name),
            note=f"{start.least('MB'):.0f} MB with the bare runtime",
            failed=start.failed,
        )


@contextmanager
def copy_artifact() -> Iterator[Path]:
    """Copy the artifact, as another process may rebuild it meanwhile."""
    with TemporaryDirectory(prefix="sortie-bench-") as folder:
        copy = Path(folder) / "build"
        with read_lock(LOCAL):
            shutil.copytree(LOCAL.folder, copy)
        yield copy


def create_starts(artifact: Path) -> Sequence[Start]:
    """Return a start of each function, the functions that a caller waits for first."""
    starts = [
        create_start(artifact, name.removesuffix("Function"), properties)
        for name, properties in find_functions(load_template(artifact / "template.yaml")).items()
        if not is_web_server(properties)  # bench/streams.py measures web servers
    ]
    return sorted(starts, key=lambda start: start.budget_ms is None)


def create_start(artifact: Path, name: str, properties: Mapping[str, Any]) -> Start:
    handler: str = properties["Handler"]
    serves = f"{name}Function" in find_endpoints() or handler.startswith(AUTHORIZER)
    budget_ms = BUDGETS_MS.get(handler.partition(".")[0], OTHER_BUDGET_MS)
    event = ROOT.joinpath("events", *handler.split(".")[:-1]).with_suffix(".json")
    return Start(
        name,
        [handler, event] if event.exists() else [handler],
        [artifact / properties["CodeUri"], *find_layer_folders(artifact, f"{name}Function")],
        budget_ms=budget_ms if serves else None,
    )


def fill_events(starts: Sequence[Start], sandbox: Sandbox, folder: Path) -> None:
    """Let each event name jobs, sessions and others that exist."""
    tables = {f"{table}Name": sandbox.environment[variable] for table, variable in TABLES.items()}
    backend: Any = SimpleNamespace(outputs=tables)
    store = ExampleStore(backend, sandbox.client("dynamodb"))
    for start in starts:
        handler, *events = start.arguments
        for event in map(Path, events):
            filled = folder / f"{start.name}.json"
            filled.write_text(fill_event(event.read_text(), store.put(f"{start.name}Function")))
            start.arguments = [handler, filled]


@cache
def find_endpoints() -> frozenset[str]:
    """Return the functions with routes; in the artifact, the API has the routes."""
    return frozenset(
        name
        for name, each in find_functions(load_template(ROOT / "template.yaml")).items()
        if any(event["Type"] == "Api" for event in each.get("Events", {}).values())
    )


def register(sandbox: Sandbox) -> None:
    """Register the agents and drones that the events refer to."""
    dynamodb, tables = sandbox.client("dynamodb"), sandbox.environment
    registry = open_registry(
        dynamodb,
        {"RegistryTableName": tables["REGISTRY_TABLE"], "AuditTableName": tables["AUDIT_TABLE"]},
    )
    file = read_registry("bench", sandbox.environment["PUBLIC_URL"], "https://git.example/docs.git")
    load(file, registry)
    create_keys(list_keys(file), registry)
    RegistryTable(dynamodb, tables["REGISTRY_TABLE"], clock=lambda: 0).put_client(
        Client(id=EXAMPLE_CLIENT, tenant=file.tenant, name="Example", role=Role.MANAGER)
    )


def measure_tls_context(certificates: Path) -> float:
    """Return the CPU time of a client's TLS context with these root certificates."""

    def once() -> float:
        start = time.process_time()
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(certificates)
        return (time.process_time() - start) * 1000

    return median([once() for _ in range(5)])
