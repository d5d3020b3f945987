"""Faults of workers, repositories and models of documentation agents."""

import threading
from uuid import uuid4

import pytest

from tests.e2e.api import eventually
from tests.e2e.docs_agents import over, write


@pytest.fixture
def branch() -> str:
    return f"docs/{uuid4().hex[:8]}"


def test_killed_worker_restarts_the_job_within_the_same_stream(
    demo_docs, branch, cloud, clone
) -> None:
    killed = threading.Event()

    def listening(line: str) -> None:
        if line.startswith('0:"Half'):
            killed.set()

    def kill() -> None:
        killed.wait(60)
        cloud.kill("RunDocsJob")

    killer = threading.Thread(target=kill)
    killer.start()

    plan = "say Half\n---\nsleep 5\n---\nwrite docs/whole.mdx\nWhole"
    streamed = write(demo_docs, plan, listening, branch=branch)
    killer.join()

    assert any('"restarted"' in line for line in streamed.pieces)
    assert streamed.pieces[-1].startswith("d:")
    assert over(demo_docs, streamed.job_id)["haultReason"] == "completed"
    got = clone(branch)
    assert got.read("docs/whole.mdx") == "Whole\n"
    assert got.git("rev-list", "--count", "origin/main..HEAD") == "1"


def test_unreachable_repository_fails_the_job_and_frees_its_branch(make_docs) -> None:
    nowhere = make_docs()

    sent = [write(nowhere, "say Hello", branch="docs/x") for _ in range(2)]

    for each in sent:
        assert '3:"The repository\'s host cannot be reached"\n' in each.pieces
        assert over(nowhere, each.job_id)["haultReason"] == "error"


def test_unprocessable_docs_job_fails_by_its_dead_letter(stack, make_docs, cloud) -> None:
    failing = make_docs("demo", stack.git_url, provider="openai", models={"sonnet": "m"})
    job = failing.create("Anything").json["id"]

    session = over(failing, job, seconds=240)

    assert session["haultReason"] == "error"
    eventually(lambda: cloud.waiting("DocsDeadLetterQueueUrl"), lambda count: count == 0)
