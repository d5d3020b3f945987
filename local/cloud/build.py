"""Build the SAM application, unless its sources are the ones last built.

usage: python -m local.cloud.build [aws|local]

Sources are compared by content: a deleted file or a checkout shows, a touched one costs nothing.
There is a folder for AWS (arm64) and one for this machine, as the layer holds compiled libraries.
"""

import compileall
import fcntl
import hashlib
import os
import platform
import py_compile
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.cloud.template import code_folders
from local.kit.errors import LocalStackError
from local.kit.paths import BUILT, PYTHON, ROOT, tool
from local.kit.progress import step

SOURCES = ("template.yaml", "functions", "layers", "statemachines", "docs/openapi")
HOST_ARCHITECTURE = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
LAYER_BUDGETS = {
    "JobsLayer": 26_000_000,
    "TokensLayer": 20_000_000,
    "PaymentsLayer": 16_000_000,
    "DocsLayer": 16_000_000,
    "OpenapiLayer": 3_000_000,
}
STAMP = "fingerprint"


@dataclass(frozen=True)
class Target:
    folder: Path
    architecture: str
    layer_arch: str
    what: str


AWS = Target(BUILT / "build", "arm64", "aarch64", "building for AWS")
LOCAL = Target(BUILT / "local", HOST_ARCHITECTURE, "host", "building")


def build(target: Target) -> Path:
    """Return the folder of a build that matches the sources."""
    lock = target.folder.with_suffix(".lock")
    with locked(lock, fcntl.LOCK_SH):  # others may be reading it for long
        if is_current(target):
            return target.folder
    with locked(lock, fcntl.LOCK_EX):
        if not is_current(target):
            with step(target.what):
                sam_build(target)
                compile_functions(target.folder)
            for layer in LAYER_BUDGETS:
                report_size(target.folder / layer)
            (target.folder / STAMP).write_text(fingerprint(target))
    return target.folder


def is_current(target: Target) -> bool:
    stamp = target.folder / STAMP
    return stamp.exists() and stamp.read_text() == fingerprint(target)


@contextmanager
def locked(path: Path, how: int) -> Iterator[None]:
    """Stacks that start from one tree at once build, and read what was built, in turn."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, how)
        yield


def fingerprint(target: Target) -> str:
    digest = hashlib.sha256(f"{target.architecture}\0{sys.version}".encode())
    for source in SOURCES:
        for file in files(ROOT / source):
            digest.update(f"{file.relative_to(ROOT)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def files(path: Path) -> list[Path]:
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [file for file in found if file.is_file() and "__pycache__" not in file.parts]


def sam_build(target: Target) -> None:
    """Run `sam build`; its chatter is shown only if it fails.

    Never with --cached, which has put one architecture's libraries into the other's layer.
    """
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "LAYER_ARCH": target.layer_arch,
        "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHON": str(PYTHON),
        "SAM_CLI_TELEMETRY": "0",
        "UV": str(tool("uv/bin/uv")),
    }
    command: list[str | Path] = [
        *(tool("sam/bin/sam"), "build"),
        *("--build-dir", target.folder),
        *("--parameter-overrides", f"Architecture={target.architecture}"),
    ]
    building = subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    )
    try:
        said, _ = building.communicate()
    except BaseException:
        os.killpg(building.pid, signal.SIGKILL)  # with the makes and uvs it started
        raise
    if building.returncode:
        raise LocalStackError(f"{said}\n`sam build` failed")


def compile_functions(folder: Path) -> None:
    """SAM strips functions of bytecode, without which each cold start compiles them again."""
    for code in code_folders(folder):
        compiled = compileall.compile_dir(
            code,
            quiet=1,
            stripdir=code,
            prependdir="/var/task",
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        if not compiled:
            raise LocalStackError(f"{code} does not compile")


def report_size(layer: Path) -> None:
    size = sum(file.stat().st_size for file in layer.rglob("*") if file.is_file())
    budget = LAYER_BUDGETS[layer.name]
    print(f"  {layer.name}: {size / 1e6:.1f} MB unzipped, of {budget / 1e6:.0f}")


if __name__ == "__main__":
    try:
        build({"aws": AWS, "local": LOCAL}[sys.argv[1]])
    except LocalStackError as error:
        sys.exit(str(error))
