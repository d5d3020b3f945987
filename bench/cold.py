"""CPU time of a cold start: a fresh process on what was built, its imports and its first call."""

import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import botocore

from bench.report import Row, Section
from bench.scene import Scene, scene
from bench.setting import Setting, median
from jobs.docs.adapters.dynamodb.projects import DynamoProjects
from jobs.messaging.adapters.registry import DynamoRegistry
from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.partner import Client, Role
from jobs.webhooks.adapters.subscriptions import DynamoSubscriptions
from local.cloud.build import LOCAL, read_lock
from local.cloud.template import find_layer_folders, load_template
from local.kit.paths import ROOT, tool
from local.kit.progress import step
from local.sam_local.invocations import EXAMPLE_CLIENT
from local.stack.seed import REGISTRY
from scripts.registry import load as load_registry
from scripts.registry_file import RegistryFile

BUDGET_MS: Final = 330
ROUNDS: Final = 7
QUICK_ROUNDS: Final = 3
CHILD: Final = Path(__file__).with_name("child.py")
LAYER: Final = "JobsLayer/python"
AUTHORIZER: Final = "auth."
NOTES: Final = """\
User and system time of a fresh process over the bare runtime (an interpreter that has imported
awslambdaric): layer and function as built, with their bytecode; the first call is the event in
events/, against the emulator. Median of runs taken in turns.

The client's floor is botocore and one client of it, without a call: what other work on this machine
does to the figures shows there too.

The emulator is reached over plain HTTP: on AWS the TLS context comes on top.
"""


@dataclass(slots=True)
class Start:
    """A process to be started again and again."""

    name: str
    about: Sequence[str | Path] = ()
    path: Sequence[Path] = ()
    serves: bool = False
    times: list[float] = field(default_factory=list)
    said: str = ""

    @property
    def ms(self) -> float:
        return median(self.times)

    def run(self, environment: Mapping[str, str]) -> None:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [tool("runtime/bin/python"), CHILD, *self.about],
            env={**environment, "PYTHONPATH": os.pathsep.join(map(str, self.path))},
            stdout=subprocess.PIPE,
            text=True,
        )
        with process.stdout or open(os.devnull) as output:  # noqa: PTH123 - there is always a pipe
            lines = output.read().splitlines()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.times.append((usage.ru_utime + usage.ru_stime) * 1000)
        self.said = "failed" if process.returncode else lines[-1]

    def row(self, *, bare: float) -> Row:
        return Row(
            what=self.name,
            value=self.ms - bare,
            unit="ms",
            budget=BUDGET_MS if self.serves else None,
            beside={"least": min(self.times) - bare},
            note=self.said,
        )


def run(setting: Setting) -> Section:
    rounds = QUICK_ROUNDS if setting.quick else ROUNDS
    with scene(setting.stack, "cold") as stage, built() as artifact:
        bare = Start("bare runtime, not counted below")
        floor = Start("the client's floor, counted below", ["--sdk"], [artifact / LAYER])
        starts = [bare, floor, *functions(artifact)]
        register(stage)
        for number in range(rounds):
            with step(f"cold: {len(starts)} processes, round {number + 1} of {rounds}"):
                for start in starts:
                    start.run(stage.environment)
    rows = [bare.row(bare=0), *(start.row(bare=bare.ms) for start in starts[1:])]
    rows.append(Row(what="TLS context, on AWS besides", value=tls_ms(), unit="ms"))
    return Section(title="Cold start, CPU", rows=rows, notes=NOTES)


@contextmanager
def built() -> Iterator[Path]:
    """A copy of the artifact, as others may build it anew meanwhile."""
    with TemporaryDirectory(prefix="sortie-bench-") as folder:
        copy = Path(folder) / "build"
        with read_lock(LOCAL):
            shutil.copytree(LOCAL.folder, copy)
        yield copy


def functions(artifact: Path) -> Sequence[Start]:
    """Every function, named as the template does; those that a caller waits for first."""
    resources: Mapping[str, Any] = load_template(artifact / "template.yaml")["Resources"]
    found = [
        function(artifact, name.removesuffix("Function"), each["Properties"])
        for name, each in resources.items()
        if each["Type"] == "AWS::Serverless::Function"
        and not each["Properties"]["Handler"].endswith(".sh")  # a web server: bench/streams.py
    ]
    return sorted(found, key=lambda start: not start.serves)


def function(artifact: Path, name: str, properties: Mapping[str, Any]) -> Start:
    handler: str = properties["Handler"]
    triggers = [event["Type"] for event in properties.get("Events", {}).values()]
    event = ROOT.joinpath("events", *handler.split(".")[:-1]).with_suffix(".json")
    return Start(
        name,
        [handler, event] if event.exists() else [handler],
        [artifact / properties["CodeUri"], *find_layer_folders(artifact, f"{name}Function")],
        serves="Api" in triggers or handler.startswith(AUTHORIZER),
    )


def register(stage: Scene) -> None:
    """Whoever the events come from has agents to ask and drones to fly."""
    table = stage.client("dynamodb"), stage.environment["REGISTRY_TABLE"], lambda: 0
    registry = DynamoRegistry(*table)
    file = RegistryFile.read(REGISTRY, {"BASE_URL": stage.environment["PUBLIC_URL"], "STACK": ""})
    load_registry(
        file,
        registry,
        DynamoFleetRegistry(*table),
        DynamoProjects(*table),
        DynamoSubscriptions(*table),
    )
    registry.put_client(
        Client(id=EXAMPLE_CLIENT, tenant=file.tenant, name="Example", role=Role.MANAGER)
    )


def tls_ms() -> float:
    """Of what a client does before its first connection to AWS, with the SDK's own roots."""
    roots = Path(botocore.__file__).with_name("cacert.pem")

    def once() -> float:
        start = time.process_time()
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(roots)
        return (time.process_time() - start) * 1000

    return median([once() for _ in range(5)])
