"""Documentation agents at work: a real stream, and real commits in a real git repository."""

import http.client
import json
import subprocess
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.e2e.api import Api, eventually
from tests.e2e.docs_agents import over, write


@pytest.fixture
def docs(demo_docs):
    return demo_docs


@pytest.fixture
def branch() -> str:
    return f"docs/{uuid4().hex[:8]}"


def test_an_agent_streams_while_it_works_and_then_the_commit_is_there(docs, branch, clone) -> None:
    plan = (
        "say Working\n---\nwrite docs/guides/start.mdx\n# Start\n\nHello.\n"
        "---\nsleep 1\n---\nsay Done"
    )

    streamed = write(docs, plan, branch=branch)

    assert (streamed.status, streamed.branch) == (200, branch)
    kinds = [line.split(":", 1)[0] for line in streamed.pieces if line != "2:[]\n"]
    assert kinds[0] == "f"
    assert {"0", "9", "a", "e"} <= set(kinds)
    assert kinds[-1] == "d"
    session = over(docs, streamed.job_id)
    assert session["haultReason"] == "completed"
    assert session["branch"] == branch
    assert session["messageToUser"]
    assert session["title"]
    got = clone(branch)
    assert got.read("docs/guides/start.mdx") == "# Start\n\nHello.\n"
    assert got.git("rev-list", "--count", "origin/main..HEAD") == "1"
    assert "guides/start.mdx" in got.git("show", "--stat", "HEAD")


def test_pages_are_edited_and_deleted_on_a_branch_that_goes_on(docs, branch, clone) -> None:
    write(docs, "write docs/a.mdx\nOld words\n---\nwrite docs/b.mdx\nTo go", branch=branch)

    write(docs, "edit docs/a.mdx\nOld\n===\nNew\n---\ndelete docs/b.mdx", branch=branch)

    got = clone(branch)
    assert got.read("docs/a.mdx") == "New words\n"
    assert not (got.folder / "docs/b.mdx").exists()
    assert got.git("rev-list", "--count", "origin/main..HEAD") == "2"


def test_follow_ups_are_done_in_order_on_the_same_branch(docs, clone) -> None:
    root = docs.create("sleep 2\n---\nwrite docs/log.mdx\none").json["id"]
    for word in ("two", "three"):
        assert docs.message(root, f"write docs/log.mdx\n{word}").status == 200

    done = eventually(
        lambda: docs.get(f"/v2/agent/{{project}}/job/{root}").json,
        lambda job: job["status"] != "active",
        seconds=90,
    )

    assert done["status"] == "completed"
    got = clone(done["source"]["ref"])
    assert got.read("docs/log.mdx") == "three\n"
    assert got.git("rev-list", "--count", "origin/main..HEAD") == "3"


def test_jobs_on_one_branch_wait_for_each_other_and_all_are_there(docs, branch, clone) -> None:
    with ThreadPoolExecutor(4) as clients:
        streams = [*clients.map(
            lambda n: write(docs, f"write docs/page-{n}.mdx\n{n}", branch=branch), range(4)
        )]  # fmt: skip

    assert {over(docs, each.job_id)["haultReason"] for each in streams} == {"completed"}
    got = clone(branch)
    assert [got.read(f"docs/page-{n}.mdx") for n in range(4)] == ["0\n", "1\n", "2\n", "3\n"]
    assert got.git("rev-list", "--count", "origin/main..HEAD") == "4"


def test_an_agent_that_fails_says_so_and_leaves_no_branch(docs, branch, stack) -> None:
    streamed = write(
        docs, "write docs/a.mdx\nx\n---\nfail The style guide is missing", branch=branch
    )

    assert '3:"The style guide is missing"' in streamed.text
    session = over(docs, streamed.job_id)
    assert (session["haulted"], session["haultReason"]) == (True, "error")
    heads = subprocess.run(
        ["git", "ls-remote", "--heads", stack.git_url], capture_output=True, check=True, text=True
    )
    assert branch not in heads.stdout


@pytest.mark.parametrize("path", ["../up.mdx", ".git/hooks/pre-commit", "/etc/passwd"])
def test_what_an_agent_has_no_business_with_is_told_it_and_not_written(docs, branch, path) -> None:
    streamed = write(docs, f"write {path}\nx", branch=branch)

    over(docs, streamed.job_id)
    assert '"error"' in streamed.text or "3:" in streamed.text


def test_words_that_are_no_plan_change_nothing(docs, branch, stack) -> None:
    streamed = write(docs, "Please write something nice.", branch=branch)

    assert over(docs, streamed.job_id)["haultReason"] == "completed"
    heads = subprocess.run(
        ["git", "ls-remote", "--heads", stack.git_url], capture_output=True, check=True, text=True
    )
    assert branch not in heads.stdout


def test_a_client_that_leaves_changes_nothing_and_another_takes_up_the_stream(
    docs, branch, clone
) -> None:
    where = urllib.parse.urlsplit(docs.base_url)
    leaving = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    plan = {"branch": branch, "messages": [
        {"role": "user",
         "content": "say One\n---\nsleep 2\n---\nwrite docs/a.mdx\nx\n---\nsay Two"},
    ]}  # fmt: skip
    leaving.request(
        "POST", f"/v1/agent/{docs.project}/job", json.dumps(plan),
        {"Authorization": f"Bearer {docs.key}"},
    )  # fmt: skip
    job_id = leaving.getresponse().headers["X-Session-Id"]
    leaving.close()

    answer = Api(docs.base_url, None, "demo").send(
        "GET",
        f"/v1/agent/{docs.project}/job/{job_id}/stream",
        headers={"Authorization": f"Bearer {docs.key}"},
    )

    text = answer.body.decode()
    assert "One" in text
    assert "Two" in text
    assert text.splitlines()[-1].startswith("d:")
    assert clone(branch).read("docs/a.mdx") == "x\n"


def test_while_it_works_the_session_shows_how_far_it_is(docs) -> None:
    job = docs.create("say Hello\n---\nsleep 3").json
    shown = docs.get(f"/v1/agent/{{project}}/job/{job['id']}").json

    assert (shown["haulted"], shown["haultReason"]) == (False, "processing")
    assert over(docs, job["id"])["haultReason"] == "completed"
