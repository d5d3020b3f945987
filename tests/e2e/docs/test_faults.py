"""What may break under documentation agents, and what becomes of their jobs then."""

import threading
from uuid import uuid4

import pytest

from tests.e2e.api import eventually
from tests.e2e.docs_agents import over, write


@pytest.fixture
def branch() -> str:
    return f"docs/{uuid4().hex[:8]}"


def test_a_job_whose_worker_is_killed_is_done_by_another_before_the_same_readers(
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


def test_a_repository_out_of_reach_fails_its_job_and_frees_the_branch(make_docs) -> None:
    nowhere = make_docs()

    sent = [write(nowhere, "say Hello", branch="docs/x") for _ in range(2)]

    for each in sent:
        assert '3:"The repository\'s host cannot be reached"\n' in each.pieces
        assert over(nowhere, each.job_id)["haultReason"] == "error"


def test_a_job_that_no_worker_can_process_fails_and_the_next_on_its_branch_goes_on(
    stack, make_docs, cloud, branch
) -> None:
    broken = make_docs("demo", stack.git_url, provider="openai", models={"sonnet": "m"})
    job = broken.create("Anything").json["id"]

    session = over(broken, job, seconds=240)

    assert session["haultReason"] == "error"
    eventually(lambda: cloud.waiting("DocsDeadLetterQueueUrl"), lambda count: count == 0)
