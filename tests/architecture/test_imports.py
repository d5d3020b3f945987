"""Importing a handler costs imports only: no AWS client, nothing read from the environment."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATHS = ":".join(str(ROOT / each) for each in ("functions", "layers/jobs", "layers/openapi"))

IMPORT_ALL = """
import importlib, sys
from botocore.client import ClientCreator

def refuse(*_, **__):
    raise AssertionError("an AWS client is made at import")

ClientCreator.create_client = refuse
for name in sys.argv[1:]:
    importlib.import_module(name)
from jobs import bootstrap, docs_bootstrap, event_bootstrap, mission_bootstrap
from jobs import payment_bootstrap, session_bootstrap, watch_bootstrap
parts = (
    docs_bootstrap, event_bootstrap, mission_bootstrap, payment_bootstrap, session_bootstrap,
    watch_bootstrap,
)
roots = [vars(r) for r in (bootstrap, *parts)]
caches = {name: f for root in roots for name, f in root.items() if hasattr(f, "cache_info")}
print([name for name, f in caches.items() if f.cache_info().currsize])
"""


READ_A_BODY = {
    "docs/create_job_v2", "docs/message_job_v2",
    "messaging/create_job",
    "missions/create_job", "missions/create_share", "missions/update_job",
    "sessions/create_session", "sessions/update_timeout",
    "workers/request_job", "workers/take_telemetry",
}  # fmt: skip


def test_only_who_reads_a_body_pays_for_checking_one(handlers) -> None:
    """pydantic is a quarter of a cold start."""
    script = """
import importlib, sys
importlib.import_module(sys.argv[1])
print("pydantic" in sys.modules)
"""

    paying = {
        name
        for name in handlers
        if subprocess.run(
            [sys.executable, "-c", script, name.replace("/", ".")],
            env={"PYTHONPATH": PATHS, "PYTHONDONTWRITEBYTECODE": "1"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        == "True"
    }

    assert paying == READ_A_BODY


def test_importing_every_handler_makes_no_client_and_needs_no_environment(handlers) -> None:
    modules = sorted(name.replace("/", ".") for name in handlers)

    imported = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALL, *modules],
        env={"PYTHONPATH": PATHS, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        capture_output=True,
        text=True,
    )

    assert (imported.stdout.strip(), imported.stderr) == ("[]", "")
