"""Streams of docs jobs: from the deployed tables through the gateway."""

import http.client
import json
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from jobs import kinds
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.adapters.dynamodb.output import DynamoOutputLog
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.docs.docs_job import KIND, DocsJob
from jobs.kit.output.events import OutputItem
from tests.e2e.cloud import Cloud

BOTH_WAYS = True

HOUR = 3600_000
BODY = {"messages": [{"role": "user", "content": "Hello"}]}
SSE = {"Accept": "text/event-stream"}
START = {"t": "start", "id": "msg_1"}
END = {"t": "finish", "reason": "stop", "in": 3, "out": 4}
NOBODY = f"mint_{'0' * 12}_{'A' * 43}"

type Ask = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def ask(stack) -> Iterator[Ask]:
    """Send a request about the demo project; its answer may stream."""
    opened: list[http.client.HTTPConnection] = []
    where = urllib.parse.urlsplit(stack.base_url)
    project, key = stack.seeded["docsAgents"]["projectId"], stack.seeded["docsAgents"]["apiKey"]

    def ask(
        method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> http.client.HTTPResponse:
        opened.append(http.client.HTTPConnection(where.hostname or "", where.port, timeout=60))
        sent = {"Authorization": f"Bearer {key}", "Connection": "close"} | dict(headers or {})
        text = None if body is None else json.dumps(body)
        opened[-1].request(method, f"/v1/agent/{project}/job{path}", text, sent)
        return opened[-1].getresponse()

    yield ask
    for each in opened:
        each.close()


@pytest.fixture
def log(cloud: Cloud) -> DynamoOutputLog:
    return DynamoOutputLog(cloud.client("dynamodb"), cloud.stack.outputs["OutputTableName"])


@pytest.fixture
def job(cloud: Cloud) -> Job:
    """Store a running job that no worker handles."""
    now = time.time_ns() // 1_000_000
    project = cloud.stack.seeded["docsAgents"]["projectId"]
    made = Job(
        id=new_job_id(now),
        tenant="demo",
        kind=KIND,
        request={"messages": BODY["messages"], "v": 1},
        created_at=now,
        changed_at=now,
        deadline=now + HOUR,
        retention=24 * HOUR,
        status=JobStatus.RUNNING,
        attempt=1,
        lease_until=now + HOUR,
        details=DocsJob(project=project, branch="guides", model="sonnet", repository="x"),
    )
    DynamoJobRepository(cloud.client("dynamodb"), cloud.jobs, lambda: now, kinds.storage).add(made)
    return made


def data(answer: http.client.HTTPResponse) -> list[Any]:
    lines = answer.read().decode().splitlines()
    return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]


def next_line(answer: http.client.HTTPResponse) -> bytes:
    while (line := answer.readline()) == b"2:[]\n":
        pass
    return line


def test_each_output_is_streamed_before_the_next_one_is_stored(ask, log, job) -> None:
    answer = ask("GET", f"/{job.id}/stream")
    assert (answer.status, answer.getheader("X-Branch-Name")) == (200, "guides")

    for number, word in enumerate(("One", "two", "three"), start=1):
        item = OutputItem(number=number, events=[{"t": "text", "text": word}])
        log.append(job.ref, item, expires_at=job.gone_at)
        assert next_line(answer) == f'0:"{word}"\n'.encode()
    log.append(job.ref, OutputItem(number=4, events=[END], end=True), expires_at=job.gone_at)

    assert answer.read().startswith(b"d:{")


def test_stream_resumes_after_any_event_id(ask, log, job) -> None:
    item = OutputItem(number=1, events=[START, {"t": "text", "text": "so"}, END], end=True)
    log.append(job.ref, item, expires_at=job.gone_at)

    events = data(ask("GET", f"/{job.id}/stream", headers=SSE))

    assert events[-1] == "[DONE]"
    for count in range(1, len(events)):
        headers = SSE | {"Last-Event-ID": f"1.{count}"}
        assert data(ask("GET", f"/{job.id}/stream", headers=headers)) == events[count:]
    last = SSE | {"Last-Event-ID": f"1.{len(events)}"}
    assert ask("GET", f"/{job.id}/stream", headers=last).status == 204
    assert ask("HEAD", f"/{job.id}/stream").status == 200


def test_chat_is_resumed_by_its_id(ask) -> None:
    chat, parts = new_job_id(0)[-12:], [{"type": "text", "text": "sleep 5\n---\nsay Hello"}]
    body = {"id": chat, "messages": [{"role": "user", "parts": parts}]}

    unknown = ask("GET", f"/{chat}/stream")
    started, resumed = ask("POST", "", body), ask("GET", f"/{chat}/stream")

    assert (unknown.status, started.status, resumed.status) == (204, 200, 200)
    assert resumed.getheader("X-Session-Id") == started.getheader("X-Session-Id")


def test_repeated_create_joins_the_running_stream(ask) -> None:
    same = {"Idempotency-Key": new_job_id(0)}

    answer, again = ask("POST", "", BODY, same), ask("POST", "", BODY, same)

    assert (answer.status, again.status) == (200, 200)
    assert answer.getheader("X-Session-Id") == again.getheader("X-Session-Id")
    assert answer.getheader("X-Branch-Name")
    assert answer.read1(1)


def test_stream_without_a_valid_key_returns_401(ask, job) -> None:
    headers = {"Authorization": f"Bearer {NOBODY}"}

    assert ask("POST", "", BODY, headers).status == 401
    assert ask("GET", f"/{job.id}/stream", headers=headers).status == 401
