"""Creating jobs: once, twice, at the same time, and waiting for the answer."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.e2e.api import JOBS, USER, Api, eventually
from tests.e2e.events import Bus

CONFLICT = "Idempotency-Key was used with a different request"


def test_twenty_requests_with_one_key_race_for_one_job(api: Api, bus: Bus) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    api.health()  # so that the authorizer knows the key

    with ThreadPoolExecutor(20) as pool:
        answers = [*pool.map(lambda _: api.ask("Race", headers=key, timeoutMs=120_000), range(20))]

    assert {answer.status for answer in answers} == {201}
    [job_id] = {answer.json["jobId"] for answer in answers}
    assert len({(a.json["createdAt"], a.json["expiresAt"]) for a in answers}) == 1
    api.until(job_id)
    bus.until(job_id, "PENDING", "RUNNING", "SUCCEEDED")
    assert [job["jobId"] for job in api.listed()["jobs"]] == [job_id]
    assert {event["jobId"] for event in bus.heard()} == {job_id}


def test_a_repeated_request_finds_its_job_as_it_is_by_now(api: Api) -> None:
    key = {"Idempotency-Key": "again"}
    first = api.ask(headers=key)
    api.until(first.json["jobId"])

    again = api.ask(headers=key)

    assert again.status == 201
    assert again.json == {**first.json, "status": "completed"}


def test_a_repeated_request_is_the_same_whatever_the_order_of_its_fields(api: Api) -> None:
    key = {"Idempotency-Key": "order"}
    first = api.post(JOBS, {"userId": USER, "content": "x", "metadata": {"a": 1, "b": 2}}, key)

    again = api.post(JOBS, {"metadata": {"b": 2, "a": 1}, "content": "x", "userId": USER}, key)

    assert (again.status, again.json["jobId"]) == (201, first.json["jobId"])


@pytest.mark.parametrize("other", [
    {"content": "Other"},
    {"metadata": {"other": True}},
    {"timeoutMs": 31_000},
    {"userId": "11111111-1111-4111-8111-111111111111"},
])  # fmt: skip
def test_a_key_with_another_request_is_a_conflict(api: Api, other: dict) -> None:
    sane = {"userId": USER, "content": "Hello"}
    first = api.post(JOBS, sane, {"Idempotency-Key": "k"})

    answer = api.post(JOBS, sane | other, {"Idempotency-Key": "k"})

    assert answer.error == (409, CONFLICT)
    assert [job["jobId"] for job in api.listed()["jobs"]] == [first.json["jobId"]]


def test_a_refused_request_leaves_its_key_free(api: Api) -> None:
    key = {"Idempotency-Key": "mistake"}

    assert api.ask("", headers=key).status == 400
    assert api.ask("Better", headers=key).status == 201


def test_a_key_means_nothing_to_another_tenant(make_tenant) -> None:
    key = {"Idempotency-Key": "shared"}

    one, other = (make_tenant().ask(content, headers=key) for content in ("One", "Other"))

    assert (one.status, other.status) == (201, 201)
    assert one.json["jobId"] != other.json["jobId"]


@pytest.mark.parametrize("key", ["#", "a b", "k" * 255, "../../keys", '"!$%&=~'])
def test_any_printable_text_is_a_key(api: Api, key: str) -> None:
    first, again = (api.ask(headers={"Idempotency-Key": key}) for _ in range(2))

    assert (first.status, again.status) == (201, 201)
    assert first.json["jobId"] == again.json["jobId"]


def test_without_a_key_the_same_request_twice_is_two_jobs(api: Api) -> None:
    assert api.create("Same") != api.create("Same")


def test_a_caller_who_waits_gets_the_whole_job(api: Api) -> None:
    answer = api.ask("Quick", headers={"Prefer": "wait=20"}, metadata={"n": 1})

    assert answer.status == 200
    assert answer.headers["preference-applied"] == "wait=20"
    assert answer.json == api.job(answer.json["jobId"])
    assert answer.json["status"] == "completed"
    assert answer.json["result"]["message"]["content"] == "Quick"


def test_a_caller_who_waits_hears_of_failures_too(api: Api) -> None:
    answer = api.ask("/fail bad luck", headers={"Prefer": "wait=20"})

    assert (answer.status, answer.json["status"]) == (200, "failed")
    assert answer.json["error"] == "bad luck"


def test_a_caller_who_waits_beyond_the_deadline_hears_of_it(api: Api) -> None:
    answer = api.ask("/silent", headers={"Prefer": "wait=20"}, timeoutMs=1000)

    assert (answer.status, answer.json["status"]) == (200, "timeout")


def test_no_more_than_25_seconds_are_waited(api: Api) -> None:
    answer = api.ask("Quick", headers={"Prefer": "respond-async, wait=3600"})

    assert (answer.status, answer.headers["preference-applied"]) == (200, "wait=25")


def test_a_wait_that_is_too_short_ends_in_the_plain_answer(api: Api) -> None:
    answer = api.ask("/sleep 30 late", headers={"Prefer": "wait=1"}, timeoutMs=60_000)

    assert answer.status == 201
    assert answer.json.keys() == {"jobId", "status", "createdAt", "expiresAt"}
    assert "preference-applied" not in answer.headers
    api.cancel(answer.json["jobId"])


@pytest.mark.parametrize("preference", [
    "wait", "wait=", "wait=soon", "wait=-1", "wait=0", "wait=1.5", "await=9", "return=minimal", ""
])  # fmt: skip
def test_a_preference_that_makes_no_sense_is_ignored(shared_api: Api, preference: str) -> None:
    answer = shared_api.ask(headers={"Prefer": preference})

    assert answer.status == 201
    assert answer.json.keys() == {"jobId", "status", "createdAt", "expiresAt"}
    assert "preference-applied" not in answer.headers


def test_a_wait_and_a_key_go_together(api: Api) -> None:
    headers = {"Prefer": "wait=20", "Idempotency-Key": "both"}

    first, again = (api.ask("Both", headers=headers) for _ in range(2))

    assert (first.status, again.status) == (200, 200)
    assert first.json == again.json
    assert eventually(api.health, lambda seen: seen["totalJobs"] >= 1)["totalJobs"] == 1
