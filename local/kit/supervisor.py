"""Run a command that ends when the parent process ends. usage: supervisor.py COMMAND...

The parent holds the other end of standard input. The kernel closes it however the parent ends,
SIGKILL included. The supervisor then sends SIGTERM, and later SIGKILL, to its process group, which
includes the command's own children (MiniStack's running functions).
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

SIGTERM_TIMEOUT_S = 5
PR_SET_PDEATHSIG = 1


def stop_group_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(SIGTERM_TIMEOUT_S)
    os.killpg(0, signal.SIGKILL)


def die_with_supervisor() -> None:
    """Have the kernel kill the command if the supervisor is killed; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: None)  # survive the SIGTERM to the own group
    command = subprocess.Popen(  # noqa: S603 - our own command
        sys.argv[1:],
        stdin=subprocess.DEVNULL,
        close_fds=False,  # the gateway inherits its socket
        preexec_fn=die_with_supervisor,  # noqa: PLW1509 - no threads yet
    )
    threading.Thread(target=stop_group_with_parent, daemon=True).start()
    status = command.wait()
    print(f"{sys.argv[1]} ended with status {status}", flush=True)
    os.killpg(0, signal.SIGKILL)  # the command's children


if __name__ == "__main__":
    main()
