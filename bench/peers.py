"""Compare the local stack with another server of the messaging API, in turns on one machine.

`PEER` is the other server's address, `PEER_KEY` its API key, if it wants one, and `PEER_PID` its
process, if its CPU is to be measured. Without a peer, measures the local stack alone. Both answer
by their first agent.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from bench.report import Row, Section
from bench.setting import Setting, median
from local.kit.progress import step

JOBS: Final = "/api/messaging/jobs"
USER: Final = "22222222-2222-4222-8222-222222222222"
POLL_S: Final = 0.005
TIMEOUT_S: Final = 30.0
WORKERS: Final = 8
ENDED: Final = frozenset({"completed", "failed", "timeout"})
TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
NOTES: Final = """\
Both servers are measured in turns, so that a busy moment of the machine hits both. The client polls
a job every 5 ms. CPU is that of a server's processes, Linux only: the local stack's contain the
emulator of AWS, which a deployed stack does not have.
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A server, and the process that it runs in; None: its CPU cannot be measured."""

    name: str
    client: httpx.Client
    agent: str
    pid: int | None
    figures: dict[str, list[float]] = field(default_factory=dict)

    def note(self, name: str, value: float) -> None:
        self.figures.setdefault(name, []).append(value)


def run(setting: Setting) -> Section:
    rounds, jobs = (2, 16) if setting.quick else (5, 80)
    with ExitStack() as cleanup:
        peers = [
            cleanup.enter_context(connect("make up", setting.stack.base_url, setting.stack.api_key))
        ]
        if url := os.environ.get("PEER"):
            pid = os.environ.get("PEER_PID")
            key = os.environ.get("PEER_KEY", "")
            peers.append(cleanup.enter_context(connect("peer", url, key, int(pid) if pid else 0)))
        with step(f"peers: {', '.join(peer.name for peer in peers)}"):
            for _ in range(rounds):
                for peer in peers:
                    measure(peer, jobs)
    return Section(title="Peers", rows=build_rows(peers), notes=NOTES)


@contextmanager
def connect(name: str, url: str, key: str, pid: int | None = None) -> Iterator[Peer]:
    """Open a server; `pid` 0 means that its process is not known, None that it is this one."""
    headers = {"X-API-Key": key} if key else {}
    with httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_S) as client:
        found: Any = client.get("/api/agents").raise_for_status().json()
        [agent, *_] = found["data"]["agents"]
        root = os.getpid() if pid is None else pid or None
        yield Peer(name, client, agent["id"], root)


def measure(peer: Peer, jobs: int) -> None:
    """Note one value of each figure, in milliseconds, or jobs a second."""
    answers = [answer(peer) for _ in range(max(4, jobs // 8))]
    peer.note(
        "create → completed, one at a time", median([each.seconds for each in answers]) * 1000
    )
    peer.note("create", median([each.create_s for each in answers]) * 1000)
    job_id = answers[-1].job_id
    peer.note("get", time_median(lambda: peer.client.get(f"{JOBS}/{job_id}")))
    peer.note("list of 50", time_median(lambda: peer.client.get(JOBS, params={"limit": 50})))
    before, began = cpu_seconds(peer.pid), time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        together = [*pool.map(lambda _: answer(peer), range(jobs))]
    elapsed = time.perf_counter() - began
    peer.note(
        f"create → completed, {WORKERS} at a time", median([e.seconds for e in together]) * 1000
    )
    peer.note("throughput", jobs / elapsed)
    if before is not None and (after := cpu_seconds(peer.pid)) is not None:
        peer.note("CPU per job", (after - before) / jobs * 1000)


@dataclass(frozen=True, slots=True)
class Answered:
    job_id: str
    create_s: float
    seconds: float


def answer(peer: Peer) -> Answered:
    """Create a job, and poll it until it has ended."""
    body = {"userId": USER, "agentId": peer.agent, "content": "Hello"}
    began = time.perf_counter()
    created: Any = peer.client.post(JOBS, json=body).raise_for_status().json()
    create_s = time.perf_counter() - began
    while time.perf_counter() - began < TIMEOUT_S:
        job: Any = peer.client.get(f"{JOBS}/{created['jobId']}").raise_for_status().json()
        if job["status"] in ENDED:
            return Answered(created["jobId"], create_s, time.perf_counter() - began)
        time.sleep(POLL_S)
    raise RuntimeError(f"{peer.name} has not answered within {TIMEOUT_S:.0f} s")


def time_median(call: Callable[[], httpx.Response], times: int = 20) -> float:
    """Return the median time of a call in milliseconds."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        call().raise_for_status()
        seconds.append(time.perf_counter() - began)
    return median(seconds) * 1000


def cpu_seconds(root: int | None) -> float | None:
    """Return the CPU time of a process's descendants, and of itself unless it is this one."""
    if root is None or not Path("/proc/self/stat").exists():
        return None
    spent = dict(read_processes())
    members = found = {root}
    while found:
        found = {pid for pid, (parent, _) in spent.items() if parent in members} - members
        members = members | found
    return sum(spent[pid][1] for pid in members if pid in spent and pid != os.getpid())


def read_processes() -> Iterator[tuple[int, tuple[int, float]]]:
    """Yield each process with its parent and its CPU time, its ended children included."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        yield int(file.parent.name), (int(fields[1]), sum(map(int, fields[11:15])) * TICK_S)


def build_rows(peers: Sequence[Peer]) -> list[Row]:
    ours, *others = peers
    rows = []
    for name, values in ours.figures.items():
        unit = "/s" if name == "throughput" else "ms"
        own = median(values)
        details: Mapping[str, float] = {
            f"{unit} {other.name}": median(other.figures[name])
            for other in others
            if name in other.figures
        }
        ratios = [f"{own / each:.2g} times the peer's" for each in details.values() if each]
        rows.append(Row(name=name, value=own, unit=unit, details=details, note=", ".join(ratios)))
    return rows
