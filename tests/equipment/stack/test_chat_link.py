"""`make serve` on a terminal shows a link that signs in to the chat page."""

import os
import pty
import re
import signal
import subprocess
from pathlib import Path

from local.kit.paths import ROOT
from tests.e2e.api import Api
from tests.equipment.stack.terminals import STOP_TIMEOUT_S, outside_make

LINK = re.compile(r"(http://\S+)/chat#key=(\S+)")


def test_link_on_a_terminal_has_a_key_that_opens_the_api(tmp_path: Path) -> None:
    terminal, process_side = pty.openpty()
    process = subprocess.Popen(
        ["make", "serve", "PORT=0", f"DATA={tmp_path}/data", f"STACK_FILE={tmp_path}/stack.json"],
        cwd=ROOT,
        env=outside_make(),
        stdin=subprocess.DEVNULL,
        stdout=process_side,
        start_new_session=True,
    )
    os.close(process_side)
    shown = ""
    try:
        with os.fdopen(terminal) as lines:
            for line in lines:
                shown += line
                if line.startswith("ready"):
                    break

            [(url, key)] = LINK.findall(shown)
            api = Api(url, key, "demo")
            page, agents = api.get("/chat"), api.get("/api/agents")
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(STOP_TIMEOUT_S)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert agents.status == 200
