"""Build the SAM application unless the sources equal those of the last build.

usage: python -m local.cloud.build local|aws [arm64|x86_64]

Sources are compared by content, so that deleted files and checkouts count, and touched files do
not. AWS and this machine have a folder each: the layers hold compiled libraries, for one
architecture. The layers' packages are installed once for each lock, so that a changed handler needs
no package registry.
"""

import compileall
import fcntl
import hashlib
import json
import os
import platform
import py_compile
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.cloud.artifacts import zip_artifacts
from local.cloud.routes import move_routes
from local.cloud.template import find_code_folders, load_template
from local.kit.errors import LocalStackError
from local.kit.paths import BUILT, PYTHON, ROOT, find_tool
from local.kit.progress import step

SOURCES = ("template.yaml", "functions", "layers", "statemachines", "docs/openapi")
BUILDERS = ("local/cloud/build.py", "local/cloud/artifacts.py", "local/cloud/routes.py")
HOST_ARCHITECTURE = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
LAYER_BUDGETS = {  # bytes, unzipped
    "JobsLayer": 26_000_000,
    "PaymentsLayer": 16_000_000,
    "DocsLayer": 16_000_000,
    "OpenapiLayer": 4_000_000,
}
FINGERPRINT_FILE = "fingerprint"


@dataclass(frozen=True)
class Target:
    folder: Path
    architecture: str
    layer_arch: str
    description: str

    @property
    def lock_file(self) -> Path:
        return self.folder.with_suffix(".lock")

    @property
    def packages(self) -> Path:
        """The folder with the packages of each layer."""
        return BUILT / "packages" / self.layer_arch


AWS_FOLDER = BUILT / "build"
LAYER_ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}
LOCAL = Target(BUILT / "local", HOST_ARCHITECTURE, "host", "building")


def create_aws_target(architecture: str) -> Target:
    """Return the build for AWS. Its folder holds one architecture at a time."""
    layer_arch = LAYER_ARCHITECTURES[architecture]
    return Target(AWS_FOLDER, architecture, layer_arch, f"building for AWS ({architecture})")


def build(target: Target) -> Path:
    """Return the folder of a build that matches the sources.

    Raises:
        LocalStackError: `sam build` failed.

    """
    with read_lock(target):  # a stack holds this lock while it deploys
        if is_current(target):
            return target.folder
    with lock(target.lock_file, fcntl.LOCK_EX):
        if not is_current(target):
            with step(target.description), build_environment(target) as env:
                install_packages(target, env)
                run_sam_build(target, env)
                rewrite_template(target.folder / "template.yaml")
                link_copies(target.folder)
                compile_functions(target.folder)
                if target is LOCAL:
                    zip_artifacts(target.folder)
            for layer in LAYER_BUDGETS:
                report_size(target.folder / layer)
            (target.folder / FINGERPRINT_FILE).write_text(compute_fingerprint(target))
    return target.folder


def is_current(target: Target) -> bool:
    file = target.folder / FINGERPRINT_FILE
    return file.exists() and file.read_text() == compute_fingerprint(target)


@contextmanager
def read_lock(target: Target) -> Iterator[None]:
    """Keep other processes from building anew until the end of the block."""
    with lock(target.lock_file, fcntl.LOCK_SH):
        yield


@contextmanager
def lock(path: Path, operation: int) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, operation)
        yield


def compute_fingerprint(target: Target) -> str:
    digest = hashlib.sha256(f"{target.architecture}\0{sys.version}".encode())
    for source in (*SOURCES, *BUILDERS):
        for file in list_files(ROOT / source):
            digest.update(f"{file.relative_to(ROOT)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def list_files(path: Path) -> list[Path]:
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [file for file in found if file.is_file() and "__pycache__" not in file.parts]


@contextmanager
def build_environment(target: Target) -> Iterator[Mapping[str, str]]:
    """Return the tools' environment. The next build removes what killed tools leave behind."""
    temporary = target.folder.with_suffix(".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    yield {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "LAYER_ARCH": target.layer_arch,
        "LAYER_PACKAGES": str(target.packages),
        "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHON": str(PYTHON),
        "SAM_CLI_TELEMETRY": "0",
        "TMPDIR": str(temporary),
        "UV": str(find_tool("uv/bin/uv")),
    }
    shutil.rmtree(temporary, ignore_errors=True)


def install_packages(target: Target, env: Mapping[str, str]) -> None:
    """Install the packages of each layer whose lock has changed."""
    for lock_file in sorted(ROOT.glob("layers/*/requirements.txt")):
        folder = target.packages / lock_file.parent.name
        installed = folder.with_suffix(".digest")
        makefile = lock_file.with_name("Makefile")
        content = f"{sys.version}\0".encode() + lock_file.read_bytes() + makefile.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if folder.exists() and installed.exists() and installed.read_text() == digest:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        run_tool(["make", "-C", makefile.parent, "packages", f"PACKAGES={folder}"], env)
        installed.write_text(digest)


def run_sam_build(target: Target, env: Mapping[str, str]) -> None:
    """Run `sam build`.

    Never with --cached: it has put libraries of one architecture into the layer of the other.
    """
    command: list[str | Path] = [
        *(find_tool("sam/bin/sam"), "build"),
        *("--build-dir", target.folder),
        *("--parameter-overrides", f"Architecture={target.architecture}"),
    ]
    run_tool(command, env)


def run_tool(command: Sequence[str | Path], env: Mapping[str, str]) -> None:
    """Run a command, and show its output only if it fails."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    )
    try:
        output, _ = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)  # includes the makes and uvs that it started
        raise
    if process.returncode:
        name = Path(command[0]).name
        raise LocalStackError(f"{output}\n`{name} {command[1]}` failed; its output is above")


def rewrite_template(file: Path) -> None:
    template = load_template(file)
    move_routes(template)
    file.write_text(json.dumps(template, indent=1))  # JSON is YAML


def link_copies(folder: Path) -> None:
    """Replace equal code folders by links to one: `sam build` makes a copy for each function."""
    first = dict[str, Path]()
    for code in find_code_folders(folder):
        files = list_files(code)
        names = "".join(f"{file.relative_to(code)}\0" for file in files)
        digest = hashlib.sha256(names.encode())
        for file in files:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        original = first.setdefault(digest.hexdigest(), code)
        if original != code:
            shutil.rmtree(code)
            code.symlink_to(original.name)


def compile_functions(folder: Path) -> None:
    """Add bytecode: SAM removes it from functions, so that each cold start would compile them."""
    for code in {each.resolve() for each in find_code_folders(folder)}:
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
    print(f"  {layer.name}: {size / 1e6:.1f} MB unzipped, budget {budget / 1e6:.0f} MB")


if __name__ == "__main__":
    try:
        build(LOCAL if sys.argv[1:] == ["local"] else create_aws_target(sys.argv[2]))
    except LocalStackError as error:
        sys.exit(str(error))
