"""Start `make serve` in a process of its own, for tests and benchmarks."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.kit.file_secrets import FileSecrets
from local.chain.chains import NODES_SECRET, Chains
from local.kit.paths import ROOT
from local.kit.process import Process
from scripts.server_template import extract

PYTHON = ROOT / ".tools/server/bin/python"
TEMPLATE = ROOT / "server/src/sortie_server/template.json"
PATHS = ("layers/jobs", ".tools/server/openapi", "server/src", ".")


@dataclass(frozen=True)
class ServerStack:
    """A running server, as `local.stack.local_stack` describes the emulated system."""

    base_url: str
    git_url: str
    seeded: Mapping[str, Any]
    data: Path
    chains: Chains | None = None

    @property
    def name(self) -> str:
        return str(self.seeded["stackName"])

    @property
    def api_key(self) -> str:
        return str(self.seeded["messaging"]["apiKey"])

    def description(self) -> dict[str, Any]:
        """Return the content of stack.json."""
        return {**self.seeded}


@contextmanager
def run_server(
    folder: Path,
    port: int = 0,
    *,
    parameters: Mapping[str, str] | None = None,
    chains: Chains | None = None,
    **variables: str,
) -> Iterator[tuple[ServerStack, Process]]:
    """Serve from a folder until the end of the block; what is in the folder stays.

    `parameters` override the template's. With chains, the server can take payments.
    `variables` are those of `make serve`.
    """
    TEMPLATE.write_text(json.dumps(extract(ROOT / "template.yaml")))
    file, data = folder / "stack.json", folder / "data"
    chosen = {**(chains.parameters() if chains else {}), **(parameters or {})}
    if chains:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        FileSecrets(data / "secrets.json").put(NODES_SECRET, chains.nodes_secret())
    file.unlink(missing_ok=True)
    log = folder / "server.log"
    log.unlink(missing_ok=True)
    with Process(
        "the server",
        [PYTHON, "-m", "local.stack.serve"],
        env={
            "DATA": str(data),
            "PARAMETERS": json.dumps(chosen),
            "PATH": os.environ["PATH"],
            "PORT": str(port),
            "PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in PATHS),
            "STACK_FILE": str(file),
            **variables,
        },
        log=log,
    ) as process:
        process.wait_until(lambda: "\nready " in log.read_text())
        seeded = json.loads(file.read_text())
        url, git_url = seeded["baseUrl"], seeded["docsAgents"]["repository"]
        yield ServerStack(url, git_url, seeded, data, chains), process
