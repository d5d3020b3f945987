"""Creating jobs concurrently, repeatedly, and with a wait for the answer."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from tests.e2e.api import Api
from tests.e2e.events import Bus

BOTH_WAYS = True

CONFLICT = "Idempotency-Key was used with a different request"


def test_twenty_requests_with_one_key_create_one_job(api: Api, bus: Bus) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    api.health()  # the authorizer's cache holds the API key now

    with ThreadPoolExecutor(20) as pool:
        answers = [*pool.map(lambda _: api.ask("Race", headers=key, timeoutMs=120_000), range(20))]

    assert {answer.status for answer in answers} == {201}
    [job_id] = {answer.json["jobId"] for answer in answers}
    assert len({(a.json["createdAt"], a.json["expiresAt"]) for a in answers}) == 1
    api.until(job_id)
    bus.until(job_id, "PENDING", "RUNNING", "SUCCEEDED")
    assert [job["jobId"] for job in api.listed()["jobs"]] == [job_id]
    assert {event["jobId"] for event in bus.received()} == {job_id}
    assert api.ask("Other", headers=key).error == (409, CONFLICT)


def test_create_with_wait_returns_the_completed_job(api: Api) -> None:
    headers = {"Prefer": "wait=20", "Idempotency-Key": "both"}

    first, again = (api.ask("Quick", headers=headers, metadata={"n": 1}) for _ in range(2))

    assert (first.status, again.status) == (200, 200)
    assert first.headers["preference-applied"] == "wait=20"
    assert first.json == again.json == api.job(first.json["jobId"])
    assert first.json["status"] == "completed"
    assert first.json["result"]["message"]["content"] == "Quick"


def test_create_with_too_short_a_wait_returns_the_pending_job(api: Api) -> None:
    answer = api.ask("/sleep 30 late", headers={"Prefer": "wait=1"}, timeoutMs=60_000)

    assert answer.status == 201
    assert answer.json.keys() == {"jobId", "status", "createdAt", "expiresAt"}
    assert "preference-applied" not in answer.headers
    api.cancel(answer.json["jobId"])
