"""Lists of a tenant's jobs: cursors, filters, and the total."""

from typing import Any

import pytest

from jobs.core.adapters.cursors import CursorSigner
from jobs.core.adapters.sqlite.counters import SqliteJobCounters
from jobs.core.errors import BadCursorError
from jobs.core.job import Job
from jobs.core.list_jobs import ListJobs
from jobs.core.ports import Listing, Page
from jobs.core.status import JobStatus
from tests.databases import empty_database


class Secrets:
    def read(self, name: str) -> str:
        return "correct horse"


@pytest.fixture
def list_jobs(repository, clock) -> Any:
    counters = SqliteJobCounters(empty_database(), clock)
    use_case = ListJobs(
        repository=repository,
        counters=counters,
        signer=CursorSigner(Secrets(), "cursor"),  # type: ignore[arg-type]
        clock=clock,
    )

    def listed(tenant: str = "acme", **about: Any) -> Any:
        counters.count(repository.changes)
        return use_case(tenant, "messaging", **about)

    return listed


@pytest.fixture
def jobs(create, clock) -> list[Job]:
    """Seven jobs, the newest first."""
    made = []
    for _ in range(7):
        made.append(create())
        clock.advance(1)
    return made[::-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_listing_by_cursors_returns_all_jobs(list_jobs, jobs, limit) -> None:
    found, cursor = [], None
    for _ in range(8):
        page = list_jobs(limit=limit, cursor=cursor)
        found += page.jobs
        cursor = page.cursor
        assert page.total == 7
        if cursor is None:
            break

    assert found == jobs


@pytest.mark.parametrize("about", [
    {"tenant": "rival"}, {"statuses": frozenset({JobStatus.FAILED})},
])  # fmt: skip
def test_cursor_of_another_listing_is_refused(list_jobs, jobs, about) -> None:
    cursor = list_jobs(limit=1).cursor

    with pytest.raises(BadCursorError):
        list_jobs(limit=1, cursor=cursor, **about)
    with pytest.raises(BadCursorError):
        list_jobs(limit=1, cursor=f"{cursor}x")


def test_search_receives_number_of_remaining_jobs(list_jobs, jobs, repository, monkeypatch):
    known_counts: list[int] = []
    newest = repository.newest

    def noted(listing: Listing, *, known: int) -> Page:
        known_counts.append(known)
        page: Page = newest(listing, known=known)
        return page

    monkeypatch.setattr(repository, "newest", noted)
    cursor = None
    for _ in range(3):
        cursor = list_jobs(limit=3, cursor=cursor).cursor

    assert known_counts == [7, 4, 1]


def test_listing_job_past_deadline_has_timed_out(list_jobs, jobs, clock) -> None:
    clock.advance(30_000)

    assert {job.status for job in list_jobs(limit=9).jobs} == {JobStatus.TIMED_OUT}
    assert list_jobs(limit=9, statuses=frozenset({JobStatus.PENDING})).jobs == []


def test_filtered_page_skips_newer_jobs_of_other_statuses(list_jobs, jobs, cancel) -> None:
    cancelled = cancel(jobs[3].ref)

    page = list_jobs(limit=1, statuses=frozenset({JobStatus.CANCELLED}))

    assert page.jobs == [cancelled]


def test_total_with_filter_counts_all_jobs(list_jobs, jobs, cancel) -> None:
    cancelled = cancel(jobs[3].ref)

    page = list_jobs(limit=9, statuses=frozenset({JobStatus.CANCELLED, JobStatus.FAILED}))

    assert (page.jobs, page.total, page.cursor) == ([cancelled], 7, None)
