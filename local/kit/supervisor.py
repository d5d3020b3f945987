"""Run a command that does not outlive whoever started this. usage: supervisor.py COMMAND...

Its parent holds the other end of standard input, which the kernel closes however the parent ends,
SIGKILL included. Then the whole process group is told to stop, and a little later made to: the
command's own children (MiniStack's running functions) are in it too.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

PATIENCE_SECONDS = 5
PR_SET_PDEATHSIG = 1


def end_group_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os.killpg(0, signal.SIGKILL)


def die_with_keeper() -> None:
    """Should this process itself be killed; only Linux has it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: None)  # it outlives the group's SIGTERM
    command = subprocess.Popen(  # noqa: S603 - our own command
        sys.argv[1:],
        stdin=subprocess.DEVNULL,
        close_fds=False,  # the gateway is handed its socket
        preexec_fn=die_with_keeper,  # noqa: PLW1509 - no threads yet
    )
    threading.Thread(target=end_group_with_parent, daemon=True).start()
    status = command.wait()
    print(f"{sys.argv[1]} ended with status {status}", flush=True)
    os.killpg(0, signal.SIGKILL)  # nothing that it started stays


if __name__ == "__main__":
    main()
