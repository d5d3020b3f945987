"""The server's process: its CPU time and memory. Linux only."""

from pathlib import Path
from typing import Final

from bench.peers import cpu_seconds, read_processes
from local.kit.process import Process

PARAMETERS: Final = {"MessagesPerMinute": "60000"}
"""Of a tenant: the clients send more than the default."""


def find_server(process: Process) -> int:
    """Return the pid of the server, which is the only child of its supervisor."""
    [pid] = [pid for pid, (parent, _) in read_processes() if parent == process.supervisor_pid]
    return pid


def has_proc() -> bool:
    return Path("/proc/self/stat").exists()


def read_cpu_s(process: Process) -> float:
    return cpu_seconds(find_server(process)) or 0.0


def read_memory_mb(process: Process) -> float:
    status = Path(f"/proc/{find_server(process)}/status").read_text()
    [line] = [each for each in status.splitlines() if each.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024 / 1e6
