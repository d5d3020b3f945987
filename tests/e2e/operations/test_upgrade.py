"""A new version over the one before: jobs of every kind that are under way go on."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from local.cloud import web_functions
from local.cloud.aws import create_session
from local.cloud.build import LOCAL, build, read_lock
from local.cloud.deploy import deploy
from local.cloud.template import load_template
from local.cloud.web_functions import run_web_functions
from local.gateway.launch import run_gateway
from local.git.launch import GitHost
from local.kit.network import bind_port, is_responding
from local.kit.paths import ROOT
from local.stack import launch
from local.stack.docks import run_docks
from local.stack.local_stack import LocalStack
from local.stack.memory import Backend
from tests.e2e.api import Api, eventually
from tests.e2e.docs_agents import OVER, DocsApi
from tests.e2e.fleets import in_seconds
from tests.e2e.partners import Partner
from tests.e2e.sessions.conversations import open_session, send_message
from tests.grants import CALLS_FOLDER

PREVIOUS: Final = "f2fd8146aced2bcac0dd02d754834b9cc8a3a7a2"
"""The version to upgrade from: the last one that was released."""
SEED: Final = """
import json, sys
from types import SimpleNamespace
from local.stack.seed import seed_registry
*where, git = json.loads(sys.argv[1])
print(json.dumps(seed_registry(*where, SimpleNamespace(**git))))
"""
"""A program for the previous version's code."""


@pytest.fixture
def previous(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalStack]:
    """Deploy the previous version to this version's local stack. Its docks do not run."""
    tree = tmp_path / "previous"
    exported = subprocess.run(
        ["git", "archive", "--output", tmp_path / "previous.tar", PREVIOUS],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if exported.returncode:
        pytest.skip(f"this clone's history does not reach back to {PREVIOUS[:7]}")
    shutil.unpack_archive(tmp_path / "previous.tar", tree, filter="data")
    (tree / ".tools").symlink_to(ROOT / ".tools")
    subprocess.run(
        [sys.executable, "-m", "local.cloud.build", "local"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": f"{tree}{os.pathsep}{tree / 'layers/jobs'}"},
        check=True,
    )
    build(LOCAL)  # now, as jobs must still be under way when the upgrade comes
    defined = load_template(tree / "template.yaml")["Parameters"]
    with monkeypatch.context() as patch:
        known = {n: value for n, value in launch.LOCAL_PARAMETERS.items() if n in defined}
        patch.setattr(launch, "LOCAL_PARAMETERS", known)
        patch.setattr(launch, "LOCAL", replace(LOCAL, folder=tree / ".aws-sam/local"))
        patch.setattr(launch, "build", lambda _: None)
        patch.setattr(launch, "seed_registry", seed_as_before(tree))
        patch.setattr(web_functions, "ROOT", tree)  # their code
        functions = load_template(tree / "template.yaml")["Resources"]
        servers = {n: app for n, app in web_functions.APPS.items() if f"{n}Function" in functions}
        patch.setattr(web_functions, "APPS", servers)
        patch.delenv(CALLS_FOLDER, raising=False)  # the grants are those of the previous version
        with launch.run_stack(with_docks=False) as stack:
            yield stack


def seed_as_before(tree: Path) -> Callable[..., dict[str, Any]]:
    """Return the previous version's seed, which writes what that version reads."""

    def seed(backend: Backend, base_url: str, git: GitHost, *_: object) -> dict[str, Any]:
        url = backend.dynamodb.meta.endpoint_url
        host = {"url": git.url, "user": git.user, "password": git.password}
        arguments = json.dumps([url, backend.stack, backend.outputs, base_url, host])
        done = subprocess.run(
            [sys.executable, "-c", SEED, arguments],
            cwd=tree,
            env=os.environ | {"PYTHONPATH": f"{tree}{os.pathsep}{tree / 'layers/jobs'}"},
            check=True,
            capture_output=True,
            text=True,
        )
        seeded: dict[str, Any] = json.loads(done.stdout)
        return seeded

    return seed


@contextmanager
def upgraded(stack: LocalStack, folder: Path) -> Iterator[LocalStack]:
    """Deploy this version over the previous one, and run its docks.

    The emulator, unlike AWS, replaces a changed API, so the new API has a gateway of its own.
    """
    outputs = deploy_over(stack)
    bound = bind_port(0)
    base_url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    with run_web_functions(stack.aws_endpoint_url, stack.name, folder) as web:
        upstreams = launch.find_upstreams(stack.aws_endpoint_url, outputs, web, stack.payments)
        with run_gateway(bound, upstreams, folder) as gateway:
            gateway.wait_until(lambda: is_responding(f"{base_url}/"))
            new = replace(stack, base_url=base_url, outputs=outputs, folder=folder)
            with run_docks(new, ["dock-1", "dock-2"], speed="fast"):
                yield new


def deploy_over(stack: LocalStack) -> dict[str, str]:
    """Deploy this version with the parameters that the stack has, and return the outputs."""
    with closing(
        create_session().client("cloudformation", endpoint_url=stack.aws_endpoint_url)
    ) as cloudformation:
        [before] = cloudformation.describe_stacks(StackName=stack.name)["Stacks"]
    with read_lock(LOCAL):
        known = load_template(LOCAL.folder / "template.yaml")["Parameters"]
        parameters = {
            each["ParameterKey"]: each["ParameterValue"]
            for each in before["Parameters"]
            if each["ParameterKey"] in known
        }
        return deploy(LOCAL.folder, stack.name, parameters, stack.aws_endpoint_url)


def find_callers(stack: LocalStack) -> tuple[Api, DocsApi, Partner]:
    docs, missions = stack.seeded["docsAgents"], stack.seeded["missions"]
    credentials = missions["apiKey"], missions["clientId"], missions["clientSecret"]
    return (
        Api(stack.base_url, stack.api_key, "demo"),
        DocsApi(stack.base_url, "demo", docs["projectId"], docs["apiKey"]),
        Partner(stack.base_url, "demo", *credentials),
    )


def test_upgrade_with_jobs_of_every_kind_under_way_finishes_all(previous, tmp_path) -> None:
    api, docs, partner = find_callers(previous)
    answered = api.create("Hello", headers={"Idempotency-Key": "before"})
    api.until(answered)
    message = api.create("/sleep 25 later", timeoutMs=120_000)
    session = open_session(api)
    send_message(api, session, "/sleep 20 first")
    send_message(api, session, "second")
    docs_job = docs.create("sleep 20\nwrite docs/new.mdx Hello").json["id"]
    flight = {
        "name": "Round",
        "deviceGroupId": "harbour",
        "missionId": "harbour-round",
        "scheduledAt": in_seconds(20),
    }
    mission = partner.post("/v3/jobs/create", flight).json["job"]["jobId"]

    with upgraded(previous, tmp_path) as new:
        api, docs, partner = find_callers(new)

        again = api.ask("Hello", headers={"Idempotency-Key": "before"})
        assert (again.status, again.json.get("jobId")) == (201, answered), again
        assert api.until(message)["result"]["message"]["content"] == "later"
        messages = eventually(
            lambda: api.get(f"{session}/messages").json["messages"],
            lambda found: len(found) == 4,
        )
        assert {each["content"] for each in messages} == {"/sleep 20 first", "first", "second"}
        written = eventually(
            lambda: docs.get(f"/v2/agent/{{project}}/job/{docs_job}").json,
            lambda job: job["status"] in OVER,
        )
        assert written["status"] == "completed", written
        flown = eventually(
            lambda: partner.get(f"/v3/jobs/{mission}").json["job"],
            lambda job: job["status"] in {"COMPLETED", "FAILED", "CANCELLED"},
        )
        assert flown["status"] == "COMPLETED", flown
