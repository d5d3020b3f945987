"""Measure the CPU time of cold starts: the imports and the first call of a new process."""

import json
import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import botocore

from bench.report import Row, Section
from bench.sandbox import Sandbox, open_sandbox
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
from local.sam_local.invocations import EXAMPLE_CLIENT
from local.stack.seed import read_registry
from scripts.registry_load import create_keys, list_keys, load, open_registry
from scripts.registry_table import RegistryTable

BUDGETS_MS: Final = {"auth": 100, "messaging": 100}
"""By package of functions."""
OTHER_BUDGET_MS: Final = 150
ROUNDS: Final = 7
QUICK_ROUNDS: Final = 3
CHILD: Final = Path(__file__).with_name("child.py")
LAYER: Final = "JobsLayer/python"
AUTHORIZER: Final = "auth."
FAILURES: Final = ("failed", "answered 5")
NOTES: Final = """\
User and system time of a new process, minus the bare runtime (an interpreter that has imported
awslambdaric). Layer and function are as built, with their bytecode. The first call has the event in
events/, against the emulator. Median of interleaved runs.

On AWS, init has a whole CPU. In a call, a function of 512 MB has 0.29 of one.

The client's floor is botocore and one client, without a call. It also shows the effect of other
work on this machine.

The emulator uses plain HTTP: on AWS, the TLS context comes in addition.
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
    """The times of init and of the first call, without the bare runtime."""
    outcome: str = ""

    @property
    def ms(self) -> float:
        return median(self.times)

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
            text=True,
        )
        with process.stdout or open(os.devnull) as output:  # noqa: PTH123 - there is always a pipe
            lines = output.read().splitlines()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.times.append((usage.ru_utime + usage.ru_stime) * 1000)
        if process.returncode:
            self.outcome = "failed"
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
                "minimum": min(self.times) - bare,
                **{phase: median(times) for phase, times in self.phases.items()},
            },
            note=self.outcome,
            failed=self.outcome.startswith(FAILURES),
        )


def run(setting: Setting) -> Section:
    rounds = QUICK_ROUNDS if setting.quick else ROUNDS
    with open_sandbox(setting.stack, "cold") as sandbox, copy_artifact() as artifact:
        bare = Start("bare runtime, excluded below")
        floor = Start("the client's floor, included below", ["--sdk"], [artifact / LAYER])
        starts = [bare, floor, *create_starts(artifact)]
        register(sandbox)
        for number in range(rounds):
            with step(f"cold: {len(starts)} processes, round {number + 1} of {rounds}"):
                for start in starts:
                    start.run(sandbox.environment)
    rows = [bare.row(bare=0), *(start.row(bare=bare.ms) for start in starts[1:])]
    rows.append(Row(name="TLS context, additional on AWS", value=measure_tls_context(), unit="ms"))
    return Section(title="Cold start, CPU", rows=rows, notes=NOTES)


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


def measure_tls_context() -> float:
    """Return the CPU time of a client's TLS context with the SDK's root certificates."""
    certificates = Path(botocore.__file__).with_name("cacert.pem")

    def once() -> float:
        start = time.process_time()
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(certificates)
        return (time.process_time() - start) * 1000

    return median([once() for _ in range(5)])
