"""`sortie worker` as processes, which tests kill and stop."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.kit.paths import ROOT

CODE = """
import os
import time

def answer(question):
    time.sleep(float(question.metadata.get("seconds", 0.05)))
    return f"{question.content}, by {os.getpid()}"
"""


class WorkerProcess:
    def __init__(
        self, folder: Path, base_url: str, key: str, agent: str, options: list[str]
    ) -> None:
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "SORTIE_BASE_URL": base_url,
            "SORTIE_WORKER_KEY": key, "PYTHONPATH": str(ROOT / "client/src"),
        }  # fmt: skip
        self.log = folder / f"worker-{os.urandom(4).hex()}.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "sortie_client.cli", "worker", "my_agent:answer",
                    "--agent", agent, *options,
                ],
                cwd=folder, env=environment, stdout=out, stderr=out,
            )  # fmt: skip

    def text(self) -> str:
        return self.log.read_text()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(number)
        return self.process.wait(40)


@contextmanager
def starting_workers(
    folder: Path, base_url: str, key: str, agent: str, code: str = CODE
) -> Iterator[Callable[..., WorkerProcess]]:
    """Yield what starts a worker with these options. Its function is `my_agent:answer`."""
    (folder / "my_agent.py").write_text(code)
    started: list[WorkerProcess] = []

    def start(*options: str) -> WorkerProcess:
        started.append(WorkerProcess(folder, base_url, key, agent, [*options]))
        return started[-1]

    try:
        yield start
    finally:
        for each in started:
            if each.process.poll() is None:
                each.end(signal.SIGKILL)
