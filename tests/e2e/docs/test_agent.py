"""Documentation agents at work: a real stream and commits in a real git repository."""

import http.client
import json
import subprocess
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from typing import Self
from uuid import uuid4

import pytest

from tests.e2e.api import Api, eventually
from tests.e2e.docs_agents import DocsApi, over, write

BOTH_WAYS = True


@pytest.fixture
def docs(demo_docs):
    return demo_docs


@pytest.fixture
def branch() -> str:
    return f"docs/{uuid4().hex[:8]}"


def heads(stack) -> str:
    """Return the names of all branches of the demo repository."""
    command = ["git", "ls-remote", "--heads", stack.git_url]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_plan_streams_its_progress_and_becomes_one_commit(docs, branch, clone) -> None:
    plan = (
        "say Working\n---\nwrite docs/guides/start.mdx\n# Start\n\nHello. ü\n"
        "---\nsleep 1\n---\nsay Done"
    )

    streamed = write(docs, plan, branch=branch)

    assert (streamed.status, streamed.branch) == (200, branch)
    kinds = [line.split(":", 1)[0] for line in streamed.pieces if line != "2:[]\n"]
    assert kinds[0] == "f"
    assert {"0", "9", "a", "e"} <= set(kinds)
    assert kinds[-1] == "d"
    session = over(docs, streamed.job_id)
    assert (session["haultReason"], session["branch"]) == ("completed", branch)
    assert session["messageToUser"] == "Working\nDone"
    assert session["title"] == "Wrote docs/guides/start.mdx"
    assert {todo["status"] for todo in session["todos"]} == {"completed"}
    got = clone(branch)
    assert got.read("docs/guides/start.mdx") == "# Start\n\nHello. ü\n"
    assert got.git("rev-list", "--count", "origin/main..HEAD") == "1"
    assert "guides/start.mdx" in got.git("show", "--stat", "HEAD")


def test_second_job_on_a_branch_edits_and_deletes_pages(docs, branch, clone) -> None:
    write(docs, "write docs/a.mdx\nOld words\n---\nwrite docs/b.mdx\nTo go", branch=branch)

    write(docs, "edit docs/a.mdx\nOld\n===\nNew\n---\ndelete docs/b.mdx", branch=branch)

    got = clone(branch)
    assert got.read("docs/a.mdx") == "New words\n"
    assert not (got.folder / "docs/b.mdx").exists()
    assert got.git("rev-list", "--count", "origin/main..HEAD") == "2"


def test_follow_ups_run_in_order_on_one_branch(docs, clone) -> None:
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


def test_concurrent_jobs_on_one_branch_lose_no_commit(docs, branch, clone) -> None:
    with ThreadPoolExecutor(4) as clients:
        streams = [*clients.map(
            lambda n: write(docs, f"write docs/page-{n}.mdx\n{n}", branch=branch), range(4)
        )]  # fmt: skip

    assert {over(docs, each.job_id)["haultReason"] for each in streams} == {"completed"}
    got = clone(branch)
    assert [got.read(f"docs/page-{n}.mdx") for n in range(4)] == ["0\n", "1\n", "2\n", "3\n"]
    assert got.git("rev-list", "--count", "origin/main..HEAD") == "4"


def test_failed_plan_reports_its_error_and_pushes_nothing(docs, branch, stack) -> None:
    streamed = write(
        docs, "write docs/a.mdx\nx\n---\nfail The style guide is missing", branch=branch
    )

    assert '3:"The style guide is missing"' in streamed.text
    session = over(docs, streamed.job_id)
    assert (session["haulted"], session["haultReason"]) == (True, "error")
    assert branch not in heads(stack)


def test_write_outside_the_docs_folder_is_refused(docs, branch, stack) -> None:
    plan = "write README.md\nMine\n---\nwrite docs/../README.md\nMine\n---\nsay Tried."

    streamed = write(docs, plan, branch=branch)

    session = over(docs, streamed.job_id)
    assert session["haultReason"] == "completed"
    assert "outside of the documentation's folder" in session["messageToUser"]
    assert branch not in heads(stack)


def test_job_continues_and_can_be_streamed_after_its_client_left(docs, branch, clone) -> None:
    where = urllib.parse.urlsplit(docs.base_url)
    leaving = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    prompt = "say One\n---\nsleep 2\n---\nwrite docs/a.mdx\nx\n---\nsay Two"
    plan = {"branch": branch, "messages": [{"role": "user", "content": prompt}]}
    key = {"Authorization": f"Bearer {docs.key}"}
    leaving.request("POST", f"/v1/agent/{docs.project}/job", json.dumps(plan), key)
    job_id = leaving.getresponse().headers["X-Session-Id"]
    leaving.close()
    running = docs.get(f"/v1/agent/{{project}}/job/{job_id}").json

    answer = Api(docs.base_url, None, "demo").send(
        "GET", f"/v1/agent/{docs.project}/job/{job_id}/stream", headers=key
    )

    text = answer.body.decode()
    assert (running["haulted"], running["haultReason"]) == (False, "processing")
    assert "One" in text
    assert "Two" in text
    assert text.splitlines()[-1].startswith("d:")
    assert clone(branch).read("docs/a.mdx") == "x\n"


def test_cancel_ends_the_stream_and_leaves_the_branch_to_the_next(docs, branch, clone) -> None:
    with Running(docs, "say Half\n---\nsleep 30\n---\nwrite docs/a.mdx\nx", branch) as running:
        waiting = docs.message(running.job_id, "write docs/b.mdx\ny")
        cancelled = docs.cancel(running.job_id)
        streamed = running.rest()

    assert (waiting.status, cancelled.status) == (200, 200)
    assert (cancelled.json["status"], cancelled.json["error"]) == (
        "failed", "The job was cancelled",
    )  # fmt: skip
    assert '3:"The job was cancelled"\n' in streamed
    assert streamed.splitlines()[-1].startswith("d:")
    assert docs.cancel(running.job_id).status == 409
    next_job = write(docs, "write docs/c.mdx\nz", branch=branch)
    assert over(docs, next_job.job_id)["haultReason"] == "completed"
    assert over(docs, running.job_id)["haultReason"] == "interrupted"
    got = clone(branch)
    assert got.git("rev-list", "--count", "origin/main..HEAD") == "1"
    assert got.read("docs/c.mdx") == "z\n"


class Running:
    """A job that says the first word of its plan, and its stream."""

    def __init__(self, docs: DocsApi, plan: str, branch: str) -> None:
        where = urllib.parse.urlsplit(docs.base_url)
        self._connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        body = {"branch": branch, "messages": [{"role": "user", "content": plan}]}
        key = {"Authorization": f"Bearer {docs.key}"}
        path = f"/v1/agent/{docs.project}/job"
        self._connection.request("POST", path, json.dumps(body), key)

    def __enter__(self) -> Self:
        self._answer = self._connection.getresponse()
        self.job_id = self._answer.headers["X-Session-Id"]
        while not self._answer.readline().startswith(b"0:"):
            pass
        return self

    def __exit__(self, *_: object) -> None:
        self._answer.close()
        self._connection.close()

    def rest(self) -> str:
        return self._answer.read().decode()
