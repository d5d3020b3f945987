"""The file by which clients find the running stack, `.local/stack.json`, and those beside it."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from local.kit.errors import LocalStackError

RUNNING = """\
{stack} already. Use it, or stop it: kill {pid}
To run a second one beside it: make up PORT={port} STACK_FILE=.local/second.json"""


class StackFile:
    """Has keys, so only its owner may read it. One stack at a time holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path.with_suffix(".log")
        self.memory = path.with_suffix(".memory.json")
        self._lock = path.with_suffix(".lock")
        self._content = ""

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the file until the end of the block. The kernel releases it, however that comes.

        Raises:
            LocalStackError: Another stack holds it.

        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise LocalStackError(self._describe_holder(lock.read())) from None
            self.path.unlink(missing_ok=True)  # a killed stack has left it
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            try:
                yield
            finally:
                lock.truncate(0)

    @contextmanager
    def publish(self, description: Mapping[str, Any]) -> Iterator[None]:
        """Write the stack's description; remove it at the end of the block, unless it is another's.

        Clients read either the whole content or none.
        """
        self.write(description)
        try:
            yield
        finally:
            with suppress(FileNotFoundError):
                if self.path.read_text() == self._content:
                    self.path.unlink()

    def write(self, description: Mapping[str, Any]) -> None:
        self._content = json.dumps(description, indent=2) + "\n"
        write_privately(self.path, self._content)

    def _describe_holder(self, pid: str) -> str:
        try:
            url = str(json.loads(self.path.read_text())["baseUrl"])
        except (OSError, ValueError, KeyError):
            url = ""
        port = int(url.rpartition(":")[2]) + 10 if url else 8090
        stack = f"{url} runs here" if url else "`make up` is starting here"
        return RUNNING.format(stack=stack, pid=pid, port=port)


def write_privately(path: Path, text: str) -> None:
    """Replace a file. At no time can others read it."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    new.replace(path)
