"""The documentation agents' API, without running agents."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from jobs.auth.api_key import Scope
from jobs.core.ids import is_uuid
from tests.e2e.api import Answer, Api, eventually
from tests.e2e.browsers import is_open_to_browsers
from tests.e2e.docs_agents import NOWHERE, DocsApi, docs_key

BOTH_WAYS = True

JOB = "/agent/{project}/job/019b7963-4a00-7000-8000-000000000001"
JOBS = "/v1/agent/{project}/jobs"
CREATE = "/v2/agent/{project}/job"
ENDPOINTS = [
    ("GET", f"/v1{JOB}"),
    ("GET", JOB),
    ("GET", JOBS),
    ("GET", "/agent/{project}/jobs"),
    ("POST", CREATE),
    ("GET", f"/v2{JOB}"),
    ("POST", f"/v2{JOB}/message"),
]
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def docs(make_docs) -> DocsApi:
    """Return a caller for tests of single responses."""
    return make_docs()


def is_error(answer: Answer, status: int) -> bool:
    """Check the status and the shape that all errors share."""
    is_one = answer.status == status and isinstance(answer.json["error"], str)
    return is_one and is_open_to_browsers(answer)


# ── Keys, scopes and organisations ──────────────────────────────────────────────


def test_endpoint_without_valid_docs_key_returns_401(docs, registry, shared_api) -> None:
    expired = docs_key(registry, docs.tenant, expires_at=1)
    wrong = ["Bearer ", f"Bearer mint_{'0' * 12}_{'A' * 43}", docs.key, f"Bearer {docs.key}x"]
    wrong += [f"Bearer {expired}", f"Bearer {shared_api.key}"]

    answers = [
        docs.send(method, path, {"prompt": "say Hello"}, {"Authorization": ""})
        for method, path in ENDPOINTS
    ]
    answers += [docs.send("GET", JOBS, headers={"Authorization": each}) for each in wrong]

    assert all(is_error(answer, 401) for answer in answers)
    assert Api(docs.base_url, docs.key, docs.tenant).get("/api/agents").status == 401


def test_key_without_the_needed_scope_returns_403(docs, registry) -> None:
    reader, writer = (
        replace(docs, key=docs_key(registry, docs.tenant, [scope]))
        for scope in (Scope.READ, Scope.WRITE)
    )

    assert reader.get(JOBS).status == 200
    assert is_error(reader.create(), 403)
    assert writer.create().status == 201
    assert is_error(writer.get(JOBS), 403)


def test_foreign_project_or_job_returns_404(docs, make_docs) -> None:
    rival = make_docs()
    job_id = docs.create().json["id"]

    foreign, unknown = (replace(rival, project=each).create() for each in (docs.project, "nowhere"))
    assert (foreign.status, foreign.json) == (unknown.status, unknown.json)
    assert is_error(foreign, 404)
    assert foreign.json == {"error": "Project not found"}
    for other in (rival, make_docs(docs.tenant)):
        answer = other.get(f"/v2/agent/{{project}}/job/{job_id}")
        assert is_error(answer, 404)
        assert answer.json == {"error": "Job not found"}
        assert is_error(other.message(job_id), 404)
        assert other.get(JOBS).json == {"allSessions": []}


# ── Jobs ────────────────────────────────────────────────────────────────────────


def test_created_job_is_returned_by_both_versions(docs) -> None:
    made = docs.create()

    job_id, branch = made.json["id"], made.json["source"]["ref"]
    created_at = made.json["createdAt"]
    assert (made.status, made.json) == (201, {
        "id": job_id,
        "status": "active",
        "source": {"repository": NOWHERE, "ref": branch},
        "model": "sonnet",
        "prLink": None,
        "createdAt": created_at,
        "archivedAt": None,
        "usage": {"inputTokens": 0, "outputTokens": 0},
    })  # fmt: skip
    assert is_uuid(job_id)
    assert ISO.fullmatch(created_at)
    assert branch.startswith("docs-agent/")
    again = docs.get(f"/v2/agent/{{project}}/job/{job_id}")
    assert again.json | {"status": "active"} == made.json
    session = docs.get(f"/v1/agent/{{project}}/job/{job_id}").json
    known = {"sessionId": job_id, "subdomain": "acme", "branch": branch, "createdAt": created_at}
    assert session.items() >= known.items()
    assert session.keys() == {
        "sessionId", "subdomain", "branch", "haulted", "haultReason", "pullRequestLink",
        "messageToUser", "todos", "title", "usage", "createdAt",
    }  # fmt: skip
    assert None not in session.values()
    unversioned = docs.get(f"/agent/{{project}}/job/{job_id}").json
    assert unversioned["sessionId"] == session["sessionId"]


def test_sessions_of_a_project_are_listed_newest_first(make_docs) -> None:
    docs = make_docs()
    ids = [docs.create().json["id"] for _ in range(5)][::-1]

    def page(query: str) -> list[str]:
        answer = docs.get(f"/v1/agent/{{project}}/jobs{query}")
        assert answer.status == 200, answer
        return [session["sessionId"] for session in answer.json["allSessions"]]

    eventually(lambda: page(""), lambda seen: seen == ids)
    assert page("?skip=1&take=2") == ids[1:3]
    assert page("?skip=4") == ids[4:]
    assert page("?skip=5") == []
    assert is_error(docs.get("/v1/agent/{project}/jobs?take=101"), 400)


# ── Concurrency ─────────────────────────────────────────────────────────────────


def test_concurrent_creates_with_one_key_create_one_job(make_docs) -> None:
    docs, once = make_docs(), {"Idempotency-Key": "once"}

    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda _: docs.create(**once), range(8))]

    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert is_error(docs.create("say No", **once), 409)


def test_concurrent_messages_all_queue_and_one_key_sends_one(make_docs, cloud) -> None:
    docs = make_docs()
    job_id = docs.create().json["id"]

    with ThreadPoolExecutor(8) as pool:
        sent = [*pool.map(lambda _: docs.message(job_id), range(8))]
        once = [*pool.map(lambda _: docs.message(job_id, **{"Idempotency-Key": "1"}), range(8))]

    assert {answer.status for answer in [*sent, *once]} == {200}
    assert {answer.json["id"] for answer in [*sent, *once]} == {job_id}
    stored = cloud.client("dynamodb").query(
        TableName=cloud.jobs,
        KeyConditionExpression="PK = :pk",
        FilterExpression="attribute_exists(#status)",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":pk": {"S": f"{docs.tenant}#docs"}},
    )["Items"]
    assert len(stored) == 1 + 8 + 1
    assert is_error(docs.message(job_id, "say No", **{"Idempotency-Key": "1"}), 409)
