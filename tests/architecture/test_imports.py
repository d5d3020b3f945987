"""Importing a handler makes no AWS client and reads no environment variable."""

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
wirings = [module for name, module in sys.modules.items() if name.endswith(".wiring")]
roots = [vars(wiring) for wiring in wirings]
caches = {name: f for root in roots for name, f in root.items() if hasattr(f, "cache_info")}
print([name for name, f in caches.items() if f.cache_info().currsize])
"""

# Each handler in a forked process, which has already imported the libraries of all handlers.
IMPORT_EACH = """
import importlib, os, sys
import jobs.core.ports, jobs.kit.aws.json_client, jobs.kit.lambda_handler
PAYS = 3

assert not {"pydantic", "urllib3"} & sys.modules.keys()
for name in sys.argv[1:]:
    if not (child := os.fork()):
        importlib.import_module(name)
        assert "urllib3" not in sys.modules, f"{name} imports urllib3, which not all calls need"
        os._exit(PAYS if "pydantic" in sys.modules else 0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == PAYS:
        print(name, flush=True)
    elif code:
        sys.exit(f"{name} cannot be imported")
"""

READ_A_BODY = {
    "admin/put_entry",
    "admin/create_admin_key", "admin/create_key", "admin/create_partner", "admin/create_tenant",
    "admin/rename_tenant", "admin/rotate_key", "admin/rotate_partner",
    "docs/create_job_v2", "docs/message_job_v2",
    "missions/create_job", "missions/create_share", "missions/update_job",
    "sessions/create_session", "sessions/update_timeout",
    "workers/take_telemetry",
}  # fmt: skip


def test_only_handlers_with_rich_bodies_import_pydantic(handlers) -> None:
    """pydantic is a quarter of a cold start."""
    modules = {name.replace("/", "."): name for name in handlers}

    imported = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_EACH, *sorted(modules)],
        env={"PYTHONPATH": PATHS, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        capture_output=True,
        text=True,
    )

    assert (imported.returncode, imported.stderr) == (0, "")
    assert {modules[name] for name in imported.stdout.split()} == READ_A_BODY


def test_handler_import_makes_no_client_and_reads_no_environment(handlers) -> None:
    modules = sorted(name.replace("/", ".") for name in handlers)

    imported = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALL, *modules],
        env={"PYTHONPATH": PATHS, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        capture_output=True,
        text=True,
    )

    assert (imported.stdout.strip(), imported.stderr) == ("[]", "")
