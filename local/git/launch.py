"""Run the git host in a process of its own."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from local.git.own_repository import OwnRepository
from local.git.server import REPOSITORY_NAME, create_repository
from local.kit.network import bind_port, is_responding
from local.kit.paths import ROOT
from local.kit.process import Process

USER_NAME: Final = "demo"


@dataclass(frozen=True)
class GitHost:
    """The running host: the repository's URL, and the credentials for pushes.

    `own`: the developer's own repository, instead of the demo's.
    """

    process: Process
    url: str
    user: str
    password: str = field(repr=False)
    own: OwnRepository | None = None


@contextmanager
def run_git_host(
    folder: Path, own: OwnRepository | None = None, password: str | None = None
) -> Iterator[GitHost]:
    """Serve a new copy of the demo repository, or `own`, until the end of the block."""
    password = password or secrets.token_urlsafe(24)
    name = own.name if own else REPOSITORY_NAME
    git_folder = own.git_folder if own else folder / name
    if not own:
        create_repository(git_folder)
    with bind_port(0) as bound:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/{name}"
        process = Process(
            "the git host",
            [
                *(sys.executable, "-m", "local.git.server"),
                *(str(bound.fileno()), git_folder, name),
            ],
            env={"PYTHONPATH": str(ROOT), "GIT_CREDENTIALS": f"{USER_NAME}:{password}"},
            log=folder / "git.log",
            pass_fds=[bound.fileno()],
        )
    with process:
        process.wait_until(lambda: is_responding(f"{url}/info/refs"))
        yield GitHost(process, url, USER_NAME, password, own)
