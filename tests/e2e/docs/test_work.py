"""What documentation agents are for: commits on a branch of a real repository."""

from typing import Any

import pytest
from dulwich.client import HttpGitClient
from dulwich.repo import MemoryRepo

from tests.e2e.api import eventually

PAGE = "---\ntitle: Tides\n---\n\nHigh water twice a day. ü\n"


@pytest.fixture
def work(demo_docs) -> Any:
    """Have the demo project's agent do something to its end; return the session."""

    def done(prompt: str) -> Any:
        path = f"/v1/agent/{{project}}/job/{demo_docs.create(prompt).json['id']}"
        return eventually(lambda: demo_docs.get(path).json, lambda session: session["haulted"])

    return done


def files(stack: Any, branch: str) -> dict[str, bytes]:
    """Fetch a branch as anybody else would."""
    repo, ref = MemoryRepo(), f"refs/heads/{branch}".encode()
    found = HttpGitClient(stack.git_url).fetch("", repo).refs[ref]
    entries = repo.object_store.iter_tree_contents(repo[found].tree)
    return {entry.path.decode(): repo[entry.sha].data for entry in entries}


def test_a_plan_becomes_a_commit_on_a_branch(stack, work) -> None:
    session = work(
        f"write docs/tides.mdx\n{PAGE}---\nedit docs/introduction.mdx\nwhere they are\n===\n"
        "where they sail\n---\ndelete docs/guides/authentication.mdx\n---\nsay Three changes."
    )

    assert (session["haultReason"], session["messageToUser"]) == ("completed", "Three changes.")
    assert session["title"] == "Wrote docs/tides.mdx"
    assert {todo["status"] for todo in session["todos"]} == {"completed"}
    pushed = files(stack, session["branch"])
    assert pushed["docs/tides.mdx"].decode() == PAGE
    assert b"where they sail" in pushed["docs/introduction.mdx"]
    assert "docs/guides/authentication.mdx" not in pushed
    assert "docs/tides.mdx" not in files(stack, "main")


def test_what_lies_outside_of_the_documentation_stays(stack, work) -> None:
    session = work("write README.md\nMine\n---\nwrite docs/../README.md\nMine\n---\nsay Tried.")

    assert session["haultReason"] == "completed"
    assert "outside of the documentation's folder" in session["messageToUser"]
    with pytest.raises(KeyError):
        files(stack, session["branch"])  # nothing was changed, so nothing was pushed


def test_a_plan_may_fail(work) -> None:
    session = work("write docs/x.mdx\nx\n---\nfail No more ink")

    assert session["haultReason"] == "error"
