"""The server installed by the commands of its container's recipe, without a container.

It runs on the oldest Python that the server supports, if that is on this machine.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from local.kit.paths import ROOT, TOOLS
from local.kit.process import Process
from sortie_server import __main__ as commands
from tests.e2e.api import Api
from tests.e2e.cloud import processes

RECIPE: Final = ROOT / "server/Containerfile"
OLDEST: Final = "3.12"
REGISTRY: Final = """
tenant: acme
keys: [first]
agents: [{id: 11111111-1111-4111-8111-111111111111, name: Echo, provider: echo}]
"""


class Recipe:
    """The recipe's instructions, with the folders of the image below another one."""

    def __init__(self, folder: Path) -> None:
        text = RECIPE.read_text().replace("\\\n", "")
        self.folder = folder
        self._instructions = [
            line.partition(" ")[::2] for line in text.splitlines() if line and line[0] != "#"
        ]

    def copied(self) -> Iterator[tuple[list[str], str]]:
        """Yield what is copied from the project, and where to."""
        for name, rest in self._instructions:
            if name == "COPY" and not rest.startswith("--from"):
                *sources, target = rest.split()
                yield sources, target

    def commands(self) -> list[str]:
        """Return the commands that uv runs."""
        uses = [rest for name, rest in self._instructions if name == "RUN" and rest[:3] == "uv "]
        return [self.localize(each) for each in uses]

    def start(self, name: str) -> list[str]:
        [command] = [rest for each, rest in self._instructions if each == name]
        parsed: list[str] = json.loads(self.localize(command.removeprefix("CMD ")))
        return parsed

    def check(self, url: str) -> list[str]:
        port = url.rpartition(":")[2]
        return [each.replace("8080", port) for each in self.start("HEALTHCHECK")]

    def environment(self) -> dict[str, str]:
        return dict(rest.split("=") for name, rest in self._instructions if name == "ENV")

    def localize(self, text: str) -> str:
        return re.sub(r"(?<![\w.])/(app|data|wheels)\b", rf"{self.folder}/\1", text)


def find_python() -> str:
    """Return the oldest supported Python, or the one of this process."""
    candidates = [
        shutil.which(f"python{OLDEST}"),
        *(Path.home() / ".pyenv/versions").glob(f"{OLDEST}.*/bin/python{OLDEST}"),
    ]
    for each in filter(None, candidates):
        found = subprocess.run([each, "--version"], capture_output=True, text=True, check=False)
        if OLDEST in found.stdout:
            return str(each)
    return sys.executable


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """Build the wheel from what the recipe copies, and install it as the recipe does."""
    folder = tmp_path_factory.mktemp("image")
    made, source = Recipe(folder), folder / "src"
    for names, target in made.copied():
        for each in names:
            copy(ROOT / each, source / target)
    environment = os.environ | {
        "PATH": f"{TOOLS / 'uv/bin'}{os.pathsep}{os.environ['PATH']}",
        "UV_PYTHON": find_python(),
    }
    for command in made.commands():
        done = subprocess.run(
            ["sh", "-c", command], cwd=source, env=environment,
            check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}"
    shutil.rmtree(source)
    data = folder / "data"
    data.mkdir()
    (data / "registry.yaml").write_text(REGISTRY)
    return made


def copy(source: Path, target: Path) -> None:
    """Copy as COPY does, whose target is a folder here."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


@contextmanager
def serving(recipe: Recipe, log: Path, *options: str) -> Iterator[tuple[str, Process]]:
    """Run the image's program on a free port."""
    command = [*recipe.start("ENTRYPOINT"), "--host", "127.0.0.1", "--port", "0", *options]
    with Process("the server", command, env=recipe.environment(), log=log) as process:
        process.wait_until(lambda: "\nready " in f"\n{log.read_text()}")
        [url] = re.findall(r"^ready (\S+)$", log.read_text(), re.MULTILINE)
        yield url, process


def kill(process: Process) -> None:
    """Kill the command of a process, as `kill -9` does."""
    [pid] = [pid for pid, parent, _ in processes() if parent == process.supervisor_pid]
    os.kill(pid, signal.SIGKILL)


def test_killed_server_goes_on_with_its_jobs_and_writes_to_its_data_only(recipe, tmp_path) -> None:
    app, log = recipe.folder / "app", tmp_path / "first.log"
    before = modified(app)

    registry = str(recipe.folder / "data/registry.yaml")
    with serving(recipe, log, "--registry", registry) as (url, process):
        [key] = re.findall(r"^new key first, shown once: (\S+)$", log.read_text(), re.MULTILINE)
        api = Api(url, key, "acme")
        asked = api.ask(headers={"Prefer": "wait=10"})
        slow = api.create("/sleep 1 later")
        kill(process)
    with serving(recipe, tmp_path / "second.log") as (url, _):
        api = Api(url, key, "acme")
        kept, late = api.job(asked.json["jobId"]), api.until(slow)
        healthy = subprocess.run(recipe.check(url), check=False).returncode == 0

    assert asked.json["status"] == kept["status"] == late["status"] == "completed"
    assert healthy
    assert modified(app) == before


def modified(folder: Path) -> dict[Path, float]:
    return {each: each.lstat().st_mtime for each in folder.rglob("*")}


def test_unit_of_systemd_starts_the_installed_server(recipe) -> None:
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(ROOT / "server/sortie-server.service")

    program, *arguments = shlex.split(unit["Service"]["ExecStart"])

    assert Path(program).name == Path(recipe.start("ENTRYPOINT")[0]).name
    options = commands.parse(arguments)
    assert options.command is commands.run_serve
    assert str(options.data) == f"/var/lib/{unit['Service']['StateDirectory']}"
