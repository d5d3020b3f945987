"""The documentation agents' API as far as no agent is needed: who gets in, what is refused."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from jobs.auth.api_key import Scope
from jobs.auth.authenticate import new_key
from jobs.core.ids import is_uuid
from tests.e2e.api import Answer, Api, eventually
from tests.e2e.browsers import is_open_to_browsers
from tests.e2e.docs_agents import NOWHERE, DocsApi, docs_key

UNKNOWN = "019b7963-4a00-7000-8000-000000000001"
JOB = f"/agent/{{project}}/job/{UNKNOWN}"
ENDPOINTS = {
    ("GET", f"/v1{JOB}"): Scope.READ,
    ("GET", JOB): Scope.READ,
    ("GET", "/v1/agent/{project}/jobs"): Scope.READ,
    ("GET", "/agent/{project}/jobs"): Scope.READ,
    ("POST", "/v2/agent/{project}/job"): Scope.WRITE,
    ("GET", f"/v2{JOB}"): Scope.READ,
    ("POST", f"/v2{JOB}/message"): Scope.WRITE,
}
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def docs(make_docs) -> DocsApi:
    """A caller for tests that look at single answers only."""
    return make_docs()


def refused(answer: Answer, status: int) -> bool:
    """Whether this is such a refusal, of the shape that all have."""
    is_one = answer.status == status and isinstance(answer.json["error"], str)
    return is_one and is_open_to_browsers(answer)


def body_for(method: str) -> Any:
    return {"prompt": "say Hello"} if method == "POST" else None


# ── Keys ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
@pytest.mark.parametrize("header", [
    "", "Bearer ", "Bearer wrong", f"Bearer mint_{'0' * 12}_{'A' * 43}", "{key}", "Basic {key}",
    "Bearer {key}x", "Bearer {expired}", "Bearer {messaging}",
])  # fmt: skip
def test_nobody_gets_in_without_a_key_of_their_own(docs, registry, method, path, header) -> None:
    messaging, kept = new_key(docs.tenant)
    registry.put_key(kept)
    expired = docs_key(registry, docs.tenant, expires_at=1)
    shown = header.format(key=docs.key, expired=expired, messaging=messaging)

    answer = docs.send(method, path, body_for(method), {"Authorization": shown})

    assert refused(answer, 401)


def test_the_schemes_case_does_not_matter(docs) -> None:
    for scheme in ("bearer", "BEARER"):
        header = {"Authorization": f"{scheme} {docs.key}"}
        assert docs.send("GET", "/v1/agent/{project}/jobs", headers=header).status == 200


def test_a_docs_key_opens_no_other_api(docs) -> None:
    assert Api(docs.base_url, docs.key, docs.tenant).get("/api/agents").status == 401


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_key_may_do_what_its_scope_is_for(docs, registry, method, path, scope) -> None:
    limited = replace(docs, key=docs_key(registry, docs.tenant, [scope]))

    answer = limited.send(method, path, body_for(method))

    if scope is ENDPOINTS[method, path]:
        assert answer.status in {200, 201, 404}, answer
    else:
        assert refused(answer, 403)


# ── Organisations ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_another_organisations_project_is_like_one_that_does_not_exist(
    docs, make_docs, method, path
) -> None:
    rival = make_docs()

    theirs, unknown = (
        replace(rival, project=project).send(method, path, body_for(method))
        for project in (docs.project, "nowhere")
    )

    assert (theirs.status, theirs.json) == (unknown.status, unknown.json)
    assert refused(theirs, 404)
    assert theirs.json == {"error": "Project not found"}


def test_a_job_is_found_in_its_own_project_only(docs, make_docs) -> None:
    job_id = docs.create().json["id"]

    for other in (make_docs(), make_docs(docs.tenant)):
        for path in ("/v1/agent/{project}/job/", "/v2/agent/{project}/job/"):
            answer = other.get(path + job_id)
            assert refused(answer, 404)
            assert answer.json == {"error": "Job not found"}
        assert refused(other.message(job_id), 404)
        assert other.get("/agent/{project}/jobs").json == {"allSessions": []}


# ── Jobs ────────────────────────────────────────────────────────────────────────


def test_a_job_is_told_by_both_versions(docs) -> None:
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
        "messageToUser", "todos", "title", "createdAt",
    }  # fmt: skip
    assert None not in session.values()
    unversioned = docs.get(f"/agent/{{project}}/job/{job_id}").json
    assert unversioned["sessionId"] == session["sessionId"]


@pytest.mark.parametrize("body", [
    b"", b"{", b"null", b"[]", b"{}", b'{"prompt": ""}', b'{"prompt": 1}', b"\xff",
    b'{"prompt": "\\u0000"}', b'{"prompt": "' + b"x" * 200_001 + b'"}',
])  # fmt: skip
def test_a_prompt_that_says_nothing_is_a_400(docs, body) -> None:
    job_id = docs.create().json["id"]

    assert refused(docs.send("POST", "/v2/agent/{project}/job", body), 400)
    path = f"/v2/agent/{{project}}/job/{job_id}/message"
    assert refused(docs.send("POST", path, body), 400)


def test_a_projects_sessions_are_listed_newest_first(make_docs) -> None:
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
    for wrong in ("?skip=-1", "?take=0", "?take=101", "?take=x"):
        assert refused(docs.get(f"/v1/agent/{{project}}/jobs{wrong}"), 400)


# ── Races ───────────────────────────────────────────────────────────────────────


def test_requests_that_race_with_one_key_make_one_job(make_docs) -> None:
    docs, once = make_docs(), {"Idempotency-Key": "once"}

    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda _: docs.create(**once), range(8))]

    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert refused(docs.create("say No", **once), 409)


def test_messages_that_race_all_queue_up_and_one_key_sends_one(make_docs, cloud) -> None:
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
    assert refused(docs.message(job_id, "say No", **{"Idempotency-Key": "1"}), 409)


def test_eight_clients_at_once_get_no_more_than_the_limit(make_docs, cloud) -> None:
    docs = make_docs()
    job_id = docs.create().json["id"]
    window = {"PK": {"S": f"LIMIT#{docs.tenant}#{docs.project}#docs"}, "SK": {"S": "WINDOW"}}
    cloud.client("dynamodb").update_item(
        TableName=cloud.stack.outputs["MissionTableName"],
        Key=window,
        UpdateExpression="SET taken = :almost",
        ConditionExpression="taken = :one",
        ExpressionAttributeValues={":almost": {"N": "90"}, ":one": {"N": "1"}},
    )

    with ThreadPoolExecutor(8) as pool:
        asked = pool.map(lambda n: docs.create() if n % 2 else docs.message(job_id), range(24))
        answers = [*asked]

    by_kind = Counter(answer.status < 300 for answer in answers)
    assert by_kind == {True: 10, False: 14}
    for answer in answers:
        if answer.status >= 300:
            assert refused(answer, 429)
            assert 0 < int(answer.headers["retry-after"]) <= 3600
    assert make_docs(docs.tenant).create().status == 201
