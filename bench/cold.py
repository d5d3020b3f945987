"""CPU time of a cold start: a fresh process on what was built, its imports and its first call."""

import fcntl
import json
import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import botocore

from bench.report import Row, Section
from bench.requests import AGENT
from bench.scene import Scene, scene
from bench.setting import Setting, median
from jobs.adapters.dynamodb.registry import DynamoRegistry
from jobs.domain.agent import Agent
from local.build import LOCAL, locked
from local.paths import ROOT, tool
from local.progress import step
from local.template import load

BUDGET_MS: Final = 330
RUNS: Final = 9
QUICK_RUNS: Final = 3
CHILD: Final = Path(__file__).with_name("child.py")
AUTHORIZER: Final = "auth."
LAYER: Final = "JobsLayer/python"
SDK: Final = "--sdk"
NOTES: Final = """\
User and system time of a fresh process over the bare runtime (an interpreter that has imported
awslambdaric): layer and function as built, with their bytecode; the first call is the event in
events/, against the emulator.

The emulator is reached over plain HTTP: on AWS the TLS context comes on top.
"""


class Function(NamedTuple):
    name: str
    handler: str
    code: Path
    serves: bool

    @property
    def event(self) -> Path:
        """One of the files that tests and `sam local invoke` use."""
        folder, name, _ = self.handler.split(".")
        return ROOT / "events" / folder / f"{name}.json"


def run(setting: Setting) -> Section:
    runs = QUICK_RUNS if setting.quick else RUNS
    with scene(setting.stack, "cold") as stage, built() as artifact:
        bare = median([cold(stage, artifact, None)[0] for _ in range(runs)])
        sdk = median([run_child(stage, [SDK], artifact / LAYER)[0] for _ in range(runs)]) - bare
        rows = [
            Row(what="bare runtime, not counted below", value=bare, unit="ms"),
            Row(what="boto3 and one client, counted below", value=sdk, unit="ms"),
        ]
        for each in functions(artifact):
            with step(f"cold: {each.name}, {runs} times"):
                rows.append(measured(stage, artifact, each, runs=runs, bare=bare))
    rows.append(Row(what="TLS context, on AWS besides", value=tls_ms(), unit="ms"))
    return Section(title="Cold start, CPU", rows=rows, notes=NOTES)


@contextmanager
def built() -> Iterator[Path]:
    """A copy of the artifact, as others may build it anew meanwhile."""
    with TemporaryDirectory(prefix="sortie-bench-") as folder:
        copy = Path(folder) / "build"
        with locked(LOCAL.folder.with_suffix(".lock"), fcntl.LOCK_SH):
            shutil.copytree(LOCAL.folder, copy)
        yield copy


def functions(artifact: Path) -> Sequence[Function]:
    """Name them as the template does; those of the API first."""
    resources: Mapping[str, Any] = load(artifact / "template.yaml")["Resources"]
    found = [
        Function(
            name=name.removesuffix("Function"),
            handler=each["Properties"]["Handler"],
            code=artifact / each["Properties"]["CodeUri"],
            serves=serves(each["Properties"]),
        )
        for name, each in resources.items()
        if each["Type"] == "AWS::Serverless::Function"
    ]
    return sorted(found, key=lambda function: not function.serves)


def serves(properties: Mapping[str, Any]) -> bool:
    """Whether a caller waits for it: an endpoint, or the authorizer before it."""
    events = properties.get("Events", {}).values()
    return any(event["Type"] == "Api" for event in events) or properties["Handler"].startswith(
        AUTHORIZER
    )


def measured(stage: Scene, artifact: Path, function: Function, *, runs: int, bare: float) -> Row:
    register(stage, function.event)
    results = [cold(stage, artifact, function) for _ in range(runs)]
    taken = [ms - bare for ms, _ in results]
    return Row(
        what=function.name,
        value=median(taken),
        unit="ms",
        budget=BUDGET_MS if function.serves else None,
        beside={"least": min(taken)},
        note=results[-1][1],
    )


def register(stage: Scene, event: Path) -> None:
    """Whoever an event comes from has an agent to ask."""
    if event.exists():
        context = json.loads(event.read_text()).get("requestContext", {})
        if tenant := context.get("authorizer", {}).get("tenant"):
            table = stage.environment["REGISTRY_TABLE"]
            registry = DynamoRegistry(stage.client("dynamodb"), table, clock=lambda: 0)
            registry.put_agent(tenant, Agent(id=AGENT, name="Echo"))


def cold(stage: Scene, artifact: Path, function: Function | None) -> tuple[float, str]:
    """Return the CPU time of a process in ms, and what it says it did."""
    if function is None:
        return run_child(stage, [])
    about: list[str | Path] = [function.handler]
    if function.event.exists():
        about.append(function.event)
    return run_child(stage, about, function.code, artifact / LAYER)


def run_child(stage: Scene, about: Sequence[str | Path], *path: Path) -> tuple[float, str]:
    process = subprocess.Popen(  # noqa: S603 - our own command
        [tool("runtime/bin/python"), CHILD, *about],
        env={**stage.environment, "PYTHONPATH": os.pathsep.join(map(str, path))},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process.stdout or open(os.devnull) as output:  # noqa: PTH123 - there is always a pipe
        said = output.read().rsplit("\n", 2)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    did = said[-2] if process.returncode == 0 else "failed"
    return (usage.ru_utime + usage.ru_stime) * 1000, did


def tls_ms() -> float:
    """Of what a client does before its first connection to AWS, with the SDK's own roots."""
    roots = Path(botocore.__file__).with_name("cacert.pem")

    def once() -> float:
        start = time.process_time()
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(roots)
        return (time.process_time() - start) * 1000

    return median([once() for _ in range(5)])
