"""Streams of documentation agents' jobs: from the deployed tables, through the gateway."""

import http.client
import json
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from jobs import kinds
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.docs.adapters.dynamodb.output import DynamoOutputLog
from jobs.docs.docs_job import KIND, DocsJob
from jobs.docs.ports import OutputItem
from tests.e2e.cloud import Cloud

HOUR = 3600_000
BODY = {"messages": [{"role": "user", "content": "Hello"}]}
SSE = {"Accept": "text/event-stream"}
START = {"t": "start", "id": "msg_1"}
END = {"t": "finish", "reason": "stop", "in": 3, "out": 4}
NOBODY = f"mint_{'0' * 12}_{'A' * 43}"

type Ask = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def ask(stack) -> Iterator[Ask]:
    """Ask for something of the demo project; the answer may go on for long."""
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
    """A job that no worker has heard of, as it is running already."""
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


def test_what_an_agent_says_is_heard_before_it_says_more(ask, log, job) -> None:
    answer = ask("GET", f"/{job.id}/stream")
    assert (answer.status, answer.getheader("X-Branch-Name")) == (200, "guides")

    for number, word in enumerate(("One", "two", "three"), start=1):
        said = OutputItem(number=number, events=[{"t": "text", "text": word}])
        log.append(job.ref, said, expires_at=job.gone_at)
        assert next_line(answer) == f'0:"{word}"\n'.encode()
    log.append(job.ref, OutputItem(number=4, events=[END], end=True), expires_at=job.gone_at)

    assert answer.read().startswith(b"d:{")


def test_a_stream_is_taken_up_after_an_id(ask, log, job) -> None:
    said = OutputItem(number=1, events=[START, {"t": "text", "text": "so"}, END], end=True)
    log.append(job.ref, said, expires_at=job.gone_at)

    whole = data(ask("GET", f"/{job.id}/stream", headers=SSE))

    assert whole[-1] == "[DONE]"
    for count in range(1, len(whole)):
        headers = SSE | {"Last-Event-ID": f"1.{count}"}
        assert data(ask("GET", f"/{job.id}/stream", headers=headers)) == whole[count:]


def test_a_created_job_answers_at_once_and_a_repeated_create_joins_it(ask) -> None:
    same = {"Idempotency-Key": new_job_id(0)}

    answer, again = ask("POST", "", BODY, same), ask("POST", "", BODY, same)

    assert (answer.status, again.status) == (200, 200)
    assert answer.getheader("X-Session-Id") == again.getheader("X-Session-Id")
    assert answer.getheader("X-Branch-Name")
    assert answer.read1(1)


@pytest.mark.parametrize("credential", ["", "Bearer x", f"Bearer {NOBODY}"])
def test_a_key_that_nobody_has_opens_nothing(ask, job, credential) -> None:
    headers = {"Authorization": credential}

    assert ask("POST", "", BODY, headers).status == 401
    assert ask("GET", f"/{job.id}/stream", headers=headers).status == 401


def test_nobody_says_himself_who_he_is(ask, job) -> None:
    mine = json.dumps({"authorizer": {"tenant": "other", "scopes": "read write"}})

    assert ask("GET", f"/{job.id}/stream", headers={"X-Amzn-Request-Context": mine}).status == 200


def test_what_is_wrong_is_said_before_anything_is_streamed(ask, job) -> None:
    answers = [
        ask("POST", "", {"messages": []}),
        ask("GET", f"/{new_job_id(0)}/stream"),
        ask("GET", f"/{job.id}/stream", headers={"Last-Event-ID": "7.1"}),
    ]

    assert [answer.status for answer in answers] == [400, 404, 400]
    assert all(json.loads(answer.read()).keys() == {"error"} for answer in answers)


def test_browsers_may_ask(ask) -> None:
    headers = {"Origin": "https://docs.example", "Access-Control-Request-Method": "POST"}

    answer = ask("OPTIONS", "", headers=headers)

    assert answer.status == 200
    assert answer.getheader("Access-Control-Allow-Origin") == "*"
    assert "Authorization" in answer.getheader("Access-Control-Allow-Headers")
    assert "Last-Event-ID" in answer.getheader("Access-Control-Allow-Headers")
