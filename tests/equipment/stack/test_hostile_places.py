"""`make up` in a new copy of the project: spaces, proxies, no network, killed before."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from local.kit.paths import ROOT
from tests.e2e.api import Api, eventually
from tests.e2e.docs_agents import DocsApi
from tests.equipment.stack.terminals import (
    START_TIMEOUT_S,
    STOP_TIMEOUT_S,
    Terminal,
    make_up,
    outside_make,
)

SETUP_TIMEOUT_S = 300
NOWHERE = "http://127.0.0.1:9"
OFFLINE = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "UV_DEFAULT_INDEX"), NOWHERE),
    **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "PIP_INDEX_URL"), NOWHERE),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "intranet.example"),
    "UV_OFFLINE": "1",
}
REGISTRY = """\
tenant: acme
agents:
  - { id: 44444444-4444-4444-8444-444444444444, name: Mine, provider: echo }
keys: [first]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of this project, as git has it, without anything built or installed."""
    folder = tmp_path / "a folder" / "my sortie"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return folder


@pytest.fixture
def own_repository(tmp_path: Path) -> Path:
    folder = tmp_path / "my handbook"
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run(["git", "init", "-q", "-b", "trunk", folder], check=True)
    for command in (["add", "."], ["commit", "-q", "-m", "First"]):
        (folder / "README.md").write_text("Mine\n")
        subprocess.run(["git", *identity, *command], cwd=folder, check=True)
    return folder


def test_make_up_works_where_much_is_against_it(project, own_repository, tmp_path) -> None:
    with make_up(tmp_path, project=project) as first:
        first.wait_for("ready", seconds=SETUP_TIMEOUT_S)
        description = first.description
        more = register_more(project, first)
        for pid in (first.process.pid, first.stack_pid):
            os.kill(pid, signal.SIGKILL)
        first.process.wait(STOP_TIMEOUT_S)
    assert [*(tmp_path / "tmp").iterdir()] == []

    handler = project / "functions/messaging/list_agents.py"
    handler.write_text(f"{handler.read_text()}\n# changed\n")
    first.file.with_name("registry.yaml").write_text(REGISTRY)
    with make_up(
        tmp_path, project=project, variables=[f"REPO={own_repository}"], **OFFLINE
    ) as second:
        second.wait_for("ready", seconds=START_TIMEOUT_S)
        second.wait_for("building")
        check_keys_last(description, second)
        check_registry_lasts(more, second)
        check_own_registry(second)
        check_own_repository(second, own_repository)
        check_second_is_told(project, second)


def register_more(project: Path, terminal: Terminal) -> dict[str, str]:
    """Use a command without naming the stack, and the admin API; return the new credentials."""
    file = terminal.file.with_name("more.yaml")
    file.write_text("tenant: more\nkeys: [one]\nagents: []\n")
    here = f"STACK_FILE={terminal.file}"

    registered = run(project, "make", "registry", f"FILE={file}", here)
    assert terminal.description["baseUrl"] in registered.stderr
    operator = Api(terminal.description["baseUrl"], terminal.description["admin"]["apiKey"], "more")
    partner = {"name": "More", "role": "viewer"}
    found = operator.post("/admin/tenants/more/partners", partner).json
    found["messages"] = registered.stdout.rsplit(maxsplit=1)[-1]
    memory = terminal.file.with_name("stack.memory.json")
    known = (found["id"], found["messages"].split("_")[1])
    eventually(memory.read_text, lambda text: all(each in text for each in known))
    return found


def check_registry_lasts(more: dict[str, str], terminal: Terminal) -> None:
    url = terminal.description["baseUrl"]
    grant = {"grant_type": "client_credentials", "client_id": more["id"]}

    answer = Api(url, more["apiKey"], "more").post(
        "/v3/auth/token", grant | {"client_secret": more["clientSecret"]}
    )
    token = {"Authorization": f"Bearer {answer.json['access_token']}"}

    assert Api(url, more["messages"], "more").get("/api/agents").status == 200
    assert Api(url, None, "more").get("/v3/resources", **token).status == 200


def check_keys_last(before, terminal: Terminal) -> None:
    now = terminal.description
    for name, key in (
        ("messaging", "apiKey"), ("missions", "clientSecret"), ("docsAgents", "apiKey"),
        ("docsAgents", "gitPassword"), ("webhooks", "secret"),
    ):  # fmt: skip
        assert now[name][key] == before[name][key]


def check_own_registry(terminal: Terminal) -> None:
    keys = terminal.description["registry"]["keys"]
    api = Api(terminal.description["baseUrl"], keys["first"], "acme")
    assert [each["name"] for each in api.get("/api/agents").json["data"]["agents"]] == ["Mine"]

    file = terminal.file.with_name("registry.yaml")
    file.write_text(REGISTRY.replace("Mine", "Changed"))
    terminal.wait_for(str(file), "is applied", "1 agents, 1 keys")
    assert eventually(
        lambda: api.get("/api/agents").json["data"]["agents"][0]["name"],
        lambda name: name == "Changed",
    )
    assert terminal.description["registry"]["keys"] == keys
    file.write_text("tenant: acme\nagent: []\n")
    terminal.wait_for(str(file), "is invalid")


def check_own_repository(terminal: Terminal, repository: Path) -> None:
    about = terminal.description["docsAgents"]
    url, project = terminal.description["baseUrl"], about["projectId"]
    docs = DocsApi(url, "demo", project, about["apiKey"])

    job_id = docs.create("write tides.md\n# Tides").json["id"]
    job = eventually(
        lambda: docs.get(f"/v2/agent/{{project}}/job/{job_id}").json,
        lambda job: job["status"] != "active",
    )

    shown = run(repository, "git", "show", f"{job['source']['ref']}:tides.md")
    assert shown.stdout == "# Tides\n"


def check_second_is_told(project: Path, terminal: Terminal) -> None:
    done = run(project, "make", "up", f"STACK_FILE={terminal.file}")

    assert done.returncode != 0
    assert f"{terminal.description['baseUrl']} runs here already" in done.stderr
    assert terminal.file.exists()


def test_make_up_without_python_3_says_so_in_one_sentence(project, tmp_path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "make", "env"):
        (programs / name).symlink_to(str(shutil.which(name)))

    done = run(project, "make", "up", PATH=str(programs))

    assert done.returncode != 0
    assert re.fullmatch(
        r"Makefile:\d+: \*\*\* Python 3 is missing: install Python 3\.13, [^.\n]+\.[^\n]+\n",
        done.stdout + done.stderr,
    )
    assert not (project / ".tools").exists()


def test_make_clean_forgets_all_but_the_own_registry_file(project) -> None:
    (project / ".local/run/x").mkdir(parents=True)
    for name in ("registry.yaml", "stack.memory.json", "stack.log"):
        (project / ".local" / name).touch()

    run(project, "make", "clean")

    assert [each.name for each in (project / ".local").iterdir()] == ["registry.yaml"]


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=outside_make() | environment,
        capture_output=True,
        text=True,
        check=False,
    )
