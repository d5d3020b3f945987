"""Listing and counting jobs."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.api import JOBS, Api, eventually

BAD_CURSOR = (400, "cursor is not valid")
EVERY_STATUS = {"pending": 0, "processing": 1, "completed": 4, "failed": 2, "timeout": 1}


@pytest.fixture(scope="module")
def owner(make_tenant) -> Api:
    """A tenant with eight jobs in all statuses that last."""
    api = make_tenant()
    contents = ["One", "/fail two", "Three", "/silent", "Five", "/fail six", "/silent", "Eight"]
    for number, content in enumerate(contents, 1):
        api.create(content, timeoutMs=1000 if number == 4 else 300_000)
    eventually(api.health, lambda seen: seen["statusCounts"] == EVERY_STATUS)
    return api


def prompts(listed: Any) -> list[str]:
    return [job["prompt"] for job in listed["jobs"]]


def numbers(api: Api, **query: Any) -> list[int]:
    """The listed jobs by the order in which they were created."""
    order = sorted(api.listed()["jobs"], key=lambda job: (job["createdAt"], job["jobId"]))
    ids = [job["jobId"] for job in order]
    return [ids.index(job["jobId"]) + 1 for job in api.listed(**query)["jobs"]]


def pages(api: Api, **query: Any) -> list[list[Any]]:
    """Every page, by following the cursors."""
    found, cursor = [], {}
    while True:
        page = api.listed(**query, **cursor)
        found.append(page["jobs"])
        if "nextCursor" not in page:
            return found
        cursor = {"cursor": page["nextCursor"]}


def test_jobs_are_listed_newest_first_each_as_it_reads_by_itself(owner: Api) -> None:
    listed = owner.listed()

    assert numbers(owner) == [8, 7, 6, 5, 4, 3, 2, 1]
    assert (listed["total"], listed["filtered"]) == (8, 8)
    assert listed["jobs"] == [owner.job(job["jobId"]) for job in listed["jobs"]]
    assert "nextCursor" not in listed


@pytest.mark.parametrize(("status", "expected"), [
    ("completed", [8, 5, 3, 1]),
    ("failed", [6, 2]),
    ("timeout", [4]),
    ("processing", [7]),
    ("pending", []),
    ("COMPLETED", [8, 7, 6, 5, 4, 3, 2, 1]),
    ("unknown", [8, 7, 6, 5, 4, 3, 2, 1]),
    ("", [8, 7, 6, 5, 4, 3, 2, 1]),
])  # fmt: skip
def test_a_status_filters_unless_it_is_unknown(owner: Api, status: str, expected: list) -> None:
    listed = owner.listed(status=status)

    assert numbers(owner, status=status) == expected
    assert (listed["total"], listed["filtered"]) == (8, len(expected))


@pytest.mark.parametrize(("limit", "count"), [
    (1, 1), (3, 3), (8, 8), (1000, 8), (10**30, 8), (0, 8), ("-1", 8), ("x", 8), ("", 8), ("2x", 2),
])  # fmt: skip
def test_a_limit_limits_unless_it_is_none(owner: Api, limit: Any, count: int) -> None:
    listed = owner.listed(limit=limit)

    assert len(listed["jobs"]) == listed["filtered"] == count
    assert listed["total"] == 8
    assert ("nextCursor" in listed) == (count < 8)


@pytest.mark.parametrize("size", [1, 3, 4, 7, 8])
@pytest.mark.parametrize("query", [{}, {"status": "completed"}, {"status": "failed"}])
def test_pages_hold_each_job_once_and_in_order(owner: Api, size: int, query: Any) -> None:
    found = pages(owner, limit=size, **query)

    assert [job for page in found for job in page] == owner.listed(**query)["jobs"]
    assert all(len(page) == size for page in found[:-1])


def test_pages_stay_as_they_are_while_jobs_come_in(api: Api) -> None:
    ids = [api.create(str(number)) for number in range(4)]
    first = api.listed(limit=2)

    api.create("newer")

    second = api.listed(limit=2, cursor=first["nextCursor"])
    assert [job["jobId"] for job in first["jobs"] + second["jobs"]] == ids[::-1]


def tampered(cursor: str) -> list[str]:
    head, _, signature = cursor.rpartition(".")
    forged = base64.urlsafe_b64encode(b'"ffffffff"').decode().rstrip("=")
    return [
        *("x", "...", "0" * 5000, "\0", "é"),
        *(cursor[:-3], cursor + "A", cursor.swapcase(), head, signature),
        f"{forged}.{signature}",
    ]


def test_a_cursor_that_was_not_given_out_is_refused(owner: Api) -> None:
    cursor = owner.listed(limit=1)["nextCursor"]

    for forgery in tampered(cursor):
        with pytest.raises(AssertionError) as refused:
            owner.listed(cursor=forgery)
        assert refused.value.args[0].error == BAD_CURSOR


def test_a_cursor_is_no_good_for_another_filter(owner: Api) -> None:
    cursor = owner.listed(limit=1)["nextCursor"]

    assert owner.get(f"{JOBS}?status=failed&cursor={cursor}").error == BAD_CURSOR


def test_a_cursor_is_no_good_for_another_tenant(owner: Api, api: Api) -> None:
    cursor = owner.listed(limit=1)["nextCursor"]

    assert api.get(f"{JOBS}?cursor={cursor}").error == BAD_CURSOR


def test_a_cursor_says_nothing_of_the_tenant(owner: Api) -> None:
    cursor = owner.listed(limit=1)["nextCursor"]

    assert re.fullmatch(r"[A-Za-z0-9._~-]+", cursor)
    assert owner.tenant.encode() not in base64.urlsafe_b64decode(cursor.split(".")[0] + "==")


def test_health_counts_what_there_is(owner: Api) -> None:
    health = owner.health()

    assert health.keys() == {
        *("healthy", "timestamp", "totalJobs", "statusCounts", "metrics", "maxJobs")
    }
    assert (health["healthy"], health["totalJobs"], health["maxJobs"]) == (True, 8, 10_000)
    assert health["statusCounts"] == EVERY_STATUS
    metrics = dict(health["metrics"])
    took = [job["result"]["processingTimeMs"] for job in owner.listed(status="completed")["jobs"]]
    assert abs(metrics.pop("averageProcessingTimeMs") - sum(took) / 4) <= 0.5
    assert metrics == {"successRate": 0.57, "failureRate": 0.29, "timeoutRate": 0.14}


def test_nobody_is_healthy_too(api: Api) -> None:
    health = api.health()

    assert api.listed() == {"jobs": [], "total": 0, "filtered": 0}
    assert health["totalJobs"] == 0
    assert health["metrics"] == {
        "averageProcessingTimeMs": 0, "successRate": 0, "failureRate": 0, "timeoutRate": 0
    }  # fmt: skip


def test_two_hundred_jobs_at_once_all_end_and_are_counted_and_told_in_order(api: Api, bus) -> None:
    api.health()  # so that the authorizer knows the key

    def create(number: int) -> str:
        # Deadlines apart: a local stack starts a process for each that it notices at once.
        return api.create(f"number {number}", timeoutMs=200_000 + 500 * number)

    with ThreadPoolExecutor(20) as pool:
        ids = [*pool.map(create, range(200))]
    eventually(
        api.health, lambda seen: seen["statusCounts"]["completed"] == 200, seconds=180, pause=1
    )

    assert len({*ids}) == 200
    jobs = {job["jobId"]: job for page in pages(api, limit=70) for job in page}
    assert jobs.keys() == {*ids}
    assert {job["status"] for job in jobs.values()} == {"completed"}
    for number, job_id in enumerate(ids):
        assert jobs[job_id]["result"]["message"]["content"] == f"number {number}"
    health = api.health()
    assert health["totalJobs"] == api.listed(limit=1)["total"] == 200
    assert health["metrics"]["successRate"] == 1
    eventually(bus.heard, lambda heard: len(heard) >= 600)
    assert len({event["eventId"] for event in bus.heard()}) == len(bus.heard()) == 600
    for job_id in ids:
        told = [event for event in bus.heard() if event["jobId"] == job_id]
        assert [each["status"] for each in told] == ["PENDING", "RUNNING", "SUCCEEDED"]
        assert [each["previousStatus"] for each in told] == [None, "PENDING", "RUNNING"]
        assert [each["sequence"] for each in told] == [1, 2, 3]
        assert {each["links"]["self"] for each in told} == {f"{JOBS}/{job_id}"}
        assert {each["version"] for each in told} == {"1"}
