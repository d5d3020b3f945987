"""Creating docs jobs."""

from dataclasses import replace

import pytest

from jobs.core.errors import IdempotencyConflictError
from jobs.core.limit_rate import LimitRate
from jobs.core.rate_limit import RateLimitedError
from jobs.docs.branch import is_valid_branch
from jobs.docs.create_docs_job import CreateDocsJob, NewDocsJob
from jobs.docs.docs_job import DocsJob, Project
from jobs.docs.errors import BranchRefusedError, ProjectNotFoundError
from jobs.docs.limit_requests import LimitDocsRequests
from tests.fakes.memory_missions import InMemoryRateLimits
from tests.fakes.memory_projects import InMemoryProjects
from tests.support import HOUR, NOON

REPOSITORY = "https://git.example/acme/docs.git"
MESSAGES = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def projects() -> InMemoryProjects:
    made = InMemoryProjects()
    for project in ("docs", "other"):
        made.put_project(Project(id=project, tenant="acme", repository=REPOSITORY))
    return made


@pytest.fixture
def create(repository, clock, projects):
    use_case = CreateDocsJob(
        repository=repository,
        projects=projects,
        limit=LimitDocsRequests(
            repository=repository, limit_rate=LimitRate(limits=InMemoryRateLimits(clock))
        ),
        clock=clock,
        retention=24 * HOUR,
    )

    def create(**about):
        sane = {
            "tenant": "acme",
            "project": "docs",
            "messages": MESSAGES,
            "model": "sonnet",
            "api": 1,
            "idempotency_key": None,
            "request_hash": "h",
        }
        return use_case(NewDocsJob(**sane | about))

    return create


def test_create_stores_job_with_details(create, repository) -> None:
    job = create(branch="guides", draft=True, model="opus")

    assert repository.get(job.ref) == job
    assert job.request == {"messages": MESSAGES, "v": 1}
    assert (job.kind, job.created_at, job.deadline) == ("docs", NOON, NOON + HOUR)
    assert job.details == DocsJob(
        project="docs", branch="guides", model="opus", repository=REPOSITORY, draft=True
    )


def test_create_on_default_branch_is_refused_and_stores_nothing(create, repository) -> None:
    with pytest.raises(BranchRefusedError, match="default branch, main"):
        create(branch="main")

    assert repository.all() == []


def test_create_on_default_branch_is_possible_where_project_allows_it(create, projects) -> None:
    projects.put_project(replace(projects.project("acme", "docs"), allows_default_branch=True))

    assert create(branch="main").details.branch == "main"


def test_create_without_branch_names_it_after_job(create) -> None:
    branches = [create().details.branch for _ in range(3)]

    assert len(set(branches)) == 3
    assert all(is_valid_branch(each) and each.startswith("docs-agent/") for each in branches)


@pytest.mark.parametrize("about", [{"project": "nowhere"}, {"tenant": "rival"}])
def test_create_without_project_stores_nothing(create, repository, about) -> None:
    with pytest.raises(ProjectNotFoundError):
        create(**about)

    assert not repository.all()


def test_create_with_same_key_returns_same_job(create) -> None:
    first = create(idempotency_key="once")

    assert create(idempotency_key="once") == first
    with pytest.raises(IdempotencyConflictError):
        create(idempotency_key="once", request_hash="other")


def test_create_over_rate_limit_is_refused(create, clock) -> None:
    for _ in range(100):
        create()

    with pytest.raises(RateLimitedError):
        create()
    assert create(project="other")
    clock.advance(HOUR)
    assert create()


def test_repeated_and_refused_creates_do_not_count(create) -> None:
    first = create(idempotency_key="once")
    for _ in range(3):
        create(idempotency_key="once")
        with pytest.raises(IdempotencyConflictError):
            create(idempotency_key="once", request_hash="other")
        with pytest.raises(ProjectNotFoundError):
            create(project="nowhere")

    for _ in range(99):
        create()

    with pytest.raises(RateLimitedError):
        create(idempotency_key="twice")
    assert create(idempotency_key="once") == first
