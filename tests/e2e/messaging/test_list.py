"""Listing and counting jobs."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.api import JOBS, Api, eventually

BOTH_WAYS = True

EVERY_STATUS = {"pending": 0, "processing": 1, "completed": 4, "failed": 2, "timeout": 1}
CONTENTS = ["One", "/fail two", "Three", "/silent", "Five", "/fail six", "/silent", "Eight"]
MANY = 100


@pytest.fixture(scope="module")
def owner(make_tenant) -> Api:
    """Create a tenant with eight jobs, numbered from one, in every lasting status."""
    api = make_tenant()
    for number, content in enumerate(CONTENTS, 1):
        api.create(content, timeoutMs=1000 if number == 4 else 300_000)
    eventually(api.health, lambda seen: seen["statusCounts"] == EVERY_STATUS)
    return api


def numbers(api: Api, **query: Any) -> list[int]:
    """Return the listed jobs' numbers in order of creation."""
    order = sorted(api.listed()["jobs"], key=lambda job: (job["createdAt"], job["jobId"]))
    ids = [job["jobId"] for job in order]
    return [ids.index(job["jobId"]) + 1 for job in api.listed(**query)["jobs"]]


def pages(api: Api, **query: Any) -> list[list[Any]]:
    """Return every page by following the cursors."""
    found, cursor = [], {}
    while True:
        page = api.listed(**query, **cursor)
        found.append(page["jobs"])
        if "nextCursor" not in page:
            return found
        cursor = {"cursor": page["nextCursor"]}


def test_list_without_filter_returns_every_job_newest_first(owner: Api) -> None:
    listed = owner.listed()

    assert numbers(owner) == [8, 7, 6, 5, 4, 3, 2, 1]
    assert (listed["total"], listed["filtered"]) == (8, 8)
    assert listed["jobs"] == [owner.job(job["jobId"]) for job in listed["jobs"]]
    assert "nextCursor" not in listed


def test_list_with_status_returns_only_jobs_of_that_status(owner: Api) -> None:
    expected = {"completed": [8, 5, 3, 1], "failed": [6, 2], "timeout": [4], "processing": [7]}

    found = {status: numbers(owner, status=status) for status in expected}

    assert found == expected
    counts = owner.listed(status="completed")
    assert (counts["total"], counts["filtered"]) == (8, 4)


def test_list_pages_with_cursors_return_each_job_once(owner: Api, api: Api) -> None:
    for query in ({}, {"status": "completed"}):
        found = pages(owner, limit=3, **query)

        assert [job for page in found for job in page] == owner.listed(**query)["jobs"]
        assert all(len(page) == 3 for page in found[:-1])
    cursor = owner.listed(limit=1)["nextCursor"]
    assert api.get(f"{JOBS}?cursor={cursor}").error == (400, "cursor is not valid")


def test_health_counts_jobs_and_computes_rates(owner: Api) -> None:
    health = owner.health()

    assert (health["healthy"], health["totalJobs"], health["maxJobs"]) == (True, 8, 10_000)
    assert health["statusCounts"] == EVERY_STATUS
    metrics = dict(health["metrics"])
    took = [job["result"]["processingTimeMs"] for job in owner.listed(status="completed")["jobs"]]
    assert abs(metrics.pop("averageProcessingTimeMs") - sum(took) / 4) <= 0.5
    assert metrics == {"successRate": 0.57, "failureRate": 0.29, "timeoutRate": 0.14}


def test_many_concurrent_jobs_all_complete_with_ordered_events(api: Api, bus) -> None:
    api.health()  # the authorizer's cache holds the API key now

    def create(number: int) -> str:
        # The local stack starts one process for each deadline that is due at the same moment.
        return api.create(f"number {number}", timeoutMs=200_000 + 500 * number)

    with ThreadPoolExecutor(20) as pool:
        ids = [*pool.map(create, range(MANY))]
    eventually(
        api.health, lambda seen: seen["statusCounts"]["completed"] == MANY, seconds=180, pause=1
    )

    assert len({*ids}) == MANY
    jobs = {job["jobId"]: job for page in pages(api, limit=70) for job in page}
    assert jobs.keys() == {*ids}
    assert {job["status"] for job in jobs.values()} == {"completed"}
    for number, job_id in enumerate(ids):
        assert jobs[job_id]["result"]["message"]["content"] == f"number {number}"
    assert api.health()["totalJobs"] == api.listed(limit=1)["total"] == MANY
    eventually(bus.received, lambda received: len(received) >= 3 * MANY)
    assert len({event["eventId"] for event in bus.received()}) == len(bus.received()) == 3 * MANY
    for job_id in ids:
        details = [event for event in bus.received() if event["jobId"] == job_id]
        assert [each["status"] for each in details] == ["PENDING", "RUNNING", "SUCCEEDED"]
        assert [each["previousStatus"] for each in details] == [None, "PENDING", "RUNNING"]
        assert [each["sequence"] for each in details] == [1, 2, 3]
        assert {each["links"]["self"] for each in details} == {f"{JOBS}/{job_id}"}
        assert {each["version"] for each in details} == {"1"}
