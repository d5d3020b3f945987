"""What callers may do: create, read, list, cancel, wait, and be told apart."""

from typing import Any

import pytest

from jobs.adapters.cursors import CursorSigner
from jobs.adapters.memory import InMemoryJobCounters, InMemoryJobRepository, InMemoryRegistry
from jobs.domain.agent import Agent
from jobs.domain.errors import (
    AgentNotFoundError,
    BadCursorError,
    IdempotencyConflictError,
    JobEndedError,
    JobNotFoundError,
    NoAgentsError,
    UnavailableError,
)
from jobs.domain.job import Job, JobRef
from jobs.domain.status import JobStatus
from jobs.ports import Listing, Page
from jobs.services.authenticate import Authenticate, new_key
from jobs.services.cancel_job import CancelJob
from jobs.services.choose_agent import ChooseAgent
from jobs.services.create_job import KEY_LIFE, CreateJob, NewJob
from jobs.services.get_job import GetJob
from jobs.services.list_jobs import ListJobs
from jobs.services.wait_for_job import WaitForJob
from tests.support import HOUR, NOON


class Secrets:
    def read(self, name: str) -> str:
        return "correct horse"


@pytest.fixture
def repository(clock) -> InMemoryJobRepository:
    return InMemoryJobRepository(clock)


@pytest.fixture
def create(repository, clock) -> Any:
    use_case = CreateJob(repository=repository, clock=clock, retention=24 * HOUR)

    def create(**about: Any) -> Job:
        sane = {
            "tenant": "acme",
            "dialect": "messaging",
            "request": {"content": "Hello"},
            "timeout": 30_000,
            "idempotency_key": None,
            "request_hash": "h",
        }
        return use_case(NewJob(**sane | about))

    return create


@pytest.fixture
def cancel(repository, clock) -> CancelJob:
    return CancelJob(repository=repository, clock=clock)


# ── Create ──


def test_a_new_job_is_pending_and_has_a_deadline(create, repository) -> None:
    job = create(timeout=1000)

    assert (job.status, job.created_at, job.deadline) == (JobStatus.PENDING, NOON, NOON + 1000)
    assert repository.get(job.ref) == job


def test_without_a_key_the_same_request_twice_is_two_jobs(create) -> None:
    assert create().id != create().id


def test_ids_sort_by_their_millisecond_of_creation(create, clock) -> None:
    ids = []
    for _ in range(50):
        ids.append(create().id)
        clock.advance(1)

    assert ids == sorted(ids)
    assert len({*ids}) == 50


def test_a_repeated_key_is_the_first_job_as_it_is_now(create, cancel) -> None:
    first = create(idempotency_key="k")
    cancelled = cancel(first.ref)

    assert create(idempotency_key="k") == cancelled


def test_a_repeated_key_after_the_deadline_shows_the_timeout(create, clock) -> None:
    create(idempotency_key="k")
    clock.advance(30_000)

    assert create(idempotency_key="k").status is JobStatus.TIMED_OUT


def test_a_key_with_another_request_is_a_conflict(create) -> None:
    create(idempotency_key="k")

    with pytest.raises(IdempotencyConflictError):
        create(idempotency_key="k", request_hash="another")


def test_a_key_is_forgotten_after_a_day(create, clock) -> None:
    first = create(idempotency_key="k")
    clock.advance(KEY_LIFE - 1)
    assert create(idempotency_key="k").id == first.id

    clock.advance(1)

    assert create(idempotency_key="k").id != first.id


# ── Get and cancel ──


def test_the_timeout_is_exact_to_the_millisecond(create, repository, clock) -> None:
    get, job = GetJob(repository=repository, clock=clock), create()
    clock.advance(29_999)
    assert get(job.ref).status is JobStatus.PENDING

    clock.advance(1)

    assert get(job.ref).status is JobStatus.TIMED_OUT


def test_another_tenants_job_is_unknown(create, repository, clock, cancel) -> None:
    job = create()
    foreign = JobRef(tenant="rival", dialect=job.dialect, id=job.id)

    for act in (GetJob(repository=repository, clock=clock), cancel):
        with pytest.raises(JobNotFoundError):
            act(foreign)
    assert repository.get(job.ref) == job


def test_a_job_is_cancelled_once(create, cancel, repository) -> None:
    job = create()
    assert cancel(job.ref).status is JobStatus.CANCELLED

    with pytest.raises(JobEndedError):
        cancel(job.ref)

    assert [change.status for change in repository.changes] == [
        JobStatus.PENDING, JobStatus.CANCELLED,
    ]  # fmt: skip


def test_a_job_past_its_deadline_cannot_be_cancelled_though_nobody_ended_it(
    create, cancel, clock
) -> None:
    job = create()
    clock.advance(30_000)

    with pytest.raises(JobEndedError):
        cancel(job.ref)


# ── List ──


@pytest.fixture
def list_jobs(repository, clock) -> Any:
    counters = InMemoryJobCounters(clock)
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
    """Seven, the newest first."""
    made = []
    for _ in range(7):
        made.append(create())
        clock.advance(1)
    return made[::-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_cursors_lead_through_all_jobs(list_jobs, jobs, limit) -> None:
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
def test_a_cursor_is_good_for_its_own_listing_only(list_jobs, jobs, about) -> None:
    cursor = list_jobs(limit=1).cursor

    with pytest.raises(BadCursorError):
        list_jobs(limit=1, cursor=cursor, **about)
    with pytest.raises(BadCursorError):
        list_jobs(limit=1, cursor=f"{cursor}x")


def test_the_search_is_told_how_many_jobs_are_left(list_jobs, jobs, repository, monkeypatch):
    told: list[int] = []
    newest = repository.newest

    def noted(listing: Listing, *, known: int) -> Page:
        told.append(known)
        page: Page = newest(listing, known=known)
        return page

    monkeypatch.setattr(repository, "newest", noted)
    cursor = None
    for _ in range(3):
        cursor = list_jobs(limit=3, cursor=cursor).cursor

    assert told == [7, 4, 1]


def test_a_job_past_its_deadline_is_listed_as_timed_out_and_not_as_pending(
    list_jobs, jobs, clock
) -> None:
    clock.advance(30_000)

    assert {job.status for job in list_jobs(limit=9).jobs} == {JobStatus.TIMED_OUT}
    assert list_jobs(limit=9, statuses=frozenset({JobStatus.PENDING})).jobs == []


def test_the_total_counts_all_whatever_the_filter(list_jobs, jobs, cancel) -> None:
    cancelled = cancel(jobs[3].ref)

    page = list_jobs(limit=9, statuses=frozenset({JobStatus.CANCELLED, JobStatus.FAILED}))

    assert (page.jobs, page.total, page.cursor) == ([cancelled], 7, None)


# ── Wait ──


class Sleeper:
    """Sleeping makes time pass; `then` is what happens meanwhile, once."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.slept: list[float] = []
        self.then: Any = lambda: None

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(int(seconds * 1000))
        if len(self.slept) == 3:
            self.then()


@pytest.fixture
def sleeper(clock) -> Sleeper:
    return Sleeper(clock)


@pytest.fixture
def wait(repository, clock, sleeper) -> WaitForJob:
    return WaitForJob(repository=repository, clock=clock, sleep=sleeper)


def test_who_waits_gets_the_job_that_has_ended(create, cancel, wait, sleeper) -> None:
    job = create()
    sleeper.then = lambda: cancel(job.ref)

    assert wait(job, at_most=25_000).status is JobStatus.CANCELLED
    assert len(sleeper.slept) == 3


def test_who_waits_in_vain_has_waited_for_as_long_as_asked(create, wait, sleeper) -> None:
    assert wait(create(), at_most=5_000) is None

    assert round(sum(sleeper.slept), 3) == 5
    assert max(sleeper.slept) <= 1


def test_nobody_waits_beyond_the_deadline(create, wait, sleeper) -> None:
    assert wait(create(timeout=1_500), at_most=25_000).status is JobStatus.TIMED_OUT

    assert round(sum(sleeper.slept), 3) == 1.5


@pytest.mark.parametrize("after", [0, 2])
def test_a_table_out_of_reach_ends_the_waiting_but_is_no_error(
    create, wait, repository, monkeypatch, after
) -> None:
    job, left = create(), iter(range(after))

    def status_of(ref: JobRef) -> JobStatus:
        if next(left, None) is None:
            raise UnavailableError
        return JobStatus.PENDING

    monkeypatch.setattr(repository, "status_of", status_of)

    assert wait(job, at_most=25_000) is None


# ── Who is calling, and whom ──


@pytest.fixture
def registry() -> InMemoryRegistry:
    return InMemoryRegistry()


def test_a_key_opens_for_its_tenant_only_as_a_whole(registry) -> None:
    credential, key = new_key("acme")
    other, other_key = new_key("rival")
    registry.put_key(key)
    registry.put_key(other_key)
    authenticate = Authenticate(registry=registry)
    swapped = f"{credential[:19]}_{other[20:]}"

    assert authenticate(credential) == "acme"
    assert authenticate(other) == "rival"
    for wrong in ("", "sortie", credential[:-1], f"{credential}x", credential.upper(), swapped,
                  f" {credential}", f"{credential}\n", new_key("acme")[0], key.sha256):  # fmt: skip
        assert authenticate(wrong) is None


def test_what_is_kept_of_a_key_does_not_hold_it() -> None:
    credential, key = new_key("acme")

    assert credential[20:] not in f"{key}"


def test_an_agent_is_chosen_by_id_in_any_case_or_else_the_first(registry) -> None:
    choose = ChooseAgent(registry=registry)
    ada = Agent(id="aaaaaaaa-1111-4111-8111-111111111111", name="Ada", order=1)
    ben = Agent(id="bbbbbbbb-1111-4111-8111-111111111111", name="Ben", order=0)
    with pytest.raises(NoAgentsError):
        choose("acme", None)
    registry.put_agent("acme", ada)
    registry.put_agent("acme", ben)

    assert choose("acme", None) == ben
    assert choose("acme", ada.id.upper()) == ada
    with pytest.raises(AgentNotFoundError, match=r"^Agent CCC not found$"):
        choose("acme", "CCC")
    with pytest.raises(AgentNotFoundError):
        choose("rival", ada.id)
