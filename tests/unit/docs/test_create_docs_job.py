"""Jobs for documentation agents, as they are created."""

import pytest

from jobs.core.errors import IdempotencyConflictError
from jobs.core.limit_rate import LimitRate
from jobs.core.rate_limit import RateLimitedError
from jobs.docs.branch import is_valid_branch
from jobs.docs.create_docs_job import CreateDocsJob, NewDocsJob
from jobs.docs.docs_job import DocsJob, Project
from jobs.docs.errors import ProjectNotFoundError
from jobs.docs.limit_requests import LimitDocsRequests
from tests.fakes.memory_missions import InMemoryRateLimits
from tests.fakes.memory_projects import InMemoryProjects
from tests.support import HOUR, NOON

REPOSITORY = "https://git.example/acme/docs.git"
MESSAGES = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def create(repository, clock):
    projects = InMemoryProjects()
    for project in ("docs", "other"):
        projects.put_project(Project(id=project, tenant="acme", repository=REPOSITORY))
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


def test_a_job_is_stored_with_all_that_the_agent_needs(create, repository) -> None:
    job = create(branch="guides", draft=True, model="opus")

    assert repository.get(job.ref) == job
    assert job.request == {"messages": MESSAGES, "v": 1}
    assert (job.kind, job.created_at, job.deadline) == ("docs", NOON, NOON + HOUR)
    assert job.details == DocsJob(
        project="docs", branch="guides", model="opus", repository=REPOSITORY, draft=True
    )


def test_a_branch_that_nobody_names_is_the_jobs_own(create) -> None:
    branches = [create().details.branch for _ in range(3)]

    assert len(set(branches)) == 3
    assert all(is_valid_branch(each) and each.startswith("docs-agent/") for each in branches)


@pytest.mark.parametrize("about", [{"project": "nowhere"}, {"tenant": "rival"}])
def test_without_a_project_there_is_no_job(create, repository, about) -> None:
    with pytest.raises(ProjectNotFoundError):
        create(**about)

    assert not repository.all()


def test_a_key_means_one_job(create) -> None:
    first = create(idempotency_key="once")

    assert create(idempotency_key="once") == first
    with pytest.raises(IdempotencyConflictError):
        create(idempotency_key="once", request_hash="other")


def test_a_project_may_ask_a_hundred_times_an_hour(create, clock) -> None:
    for _ in range(100):
        create()

    with pytest.raises(RateLimitedError):
        create()
    assert create(project="other")
    clock.advance(HOUR)
    assert create()


def test_neither_repetitions_nor_refusals_count(create) -> None:
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
