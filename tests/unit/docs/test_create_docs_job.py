"""Creating docs jobs."""

from dataclasses import replace

import pytest

from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.core.errors import IdempotencyConflictError
from jobs.core.limit_rate import LimitRate
from jobs.core.rate_limit import RateLimitedError
from jobs.docs.adapters.sqlite import SqliteChats, SqliteProjects
from jobs.docs.branch import is_valid_branch
from jobs.docs.create_docs_job import CreateDocsJob, NewDocsJob
from jobs.docs.docs_job import DocsJob, Project, docs_job_of
from jobs.docs.errors import BranchRefusedError, ProjectNotFoundError
from jobs.docs.limit_requests import LimitDocsRequests
from jobs.kit.errors import UnavailableError
from tests.databases import empty_database
from tests.support import HOUR, NOON, Broken

REPOSITORY = "https://git.example/acme/docs.git"
MESSAGES = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def projects() -> SqliteProjects:
    made = SqliteProjects(empty_database())
    for project in ("docs", "other"):
        made.put_project(Project(id=project, tenant="acme", repository=REPOSITORY))
    return made


@pytest.fixture
def chats() -> SqliteChats:
    return SqliteChats(empty_database())


@pytest.fixture
def create(repository, clock, projects, chats):
    use_case = CreateDocsJob(
        repository=repository,
        projects=projects,
        chats=chats,
        limit=LimitDocsRequests(
            repository=repository,
            limit_rate=LimitRate(limits=SqliteRateLimits(empty_database(), clock)),
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


def test_create_on_default_branch_is_refused_and_stores_nothing(
    create, repository, projects
) -> None:
    projects.put_project(replace(projects.project("acme", "docs"), default_branch="main"))

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


def branch_of(job) -> str:
    return docs_job_of(job).branch


def test_jobs_of_a_chat_share_its_branch(create, chats, clock) -> None:
    first, second = create(chat="c1"), create(chat="c1")
    clock.advance(1)
    named, other = create(chat="c1", branch="mine"), create(chat="c2")

    assert branch_of(second) == branch_of(first)
    assert branch_of(named) == "mine"
    assert branch_of(other) not in {branch_of(first), "mine"}
    assert chats.latest("acme", "docs", "c1") == named.ref
    assert create(chat="c1", project="other").ref == chats.latest("acme", "other", "c1")


def test_chat_whose_branch_is_gone_or_refused_gets_a_new_one(
    create, repository, projects, clock
) -> None:
    first = create(chat="c1", branch="guides")
    projects.put_project(
        Project(id="docs", tenant="acme", repository=REPOSITORY, default_branch="guides")
    )
    clock.advance(1)
    refused = create(chat="c1")
    repository.delete(refused)

    assert branch_of(refused).startswith("docs-agent/")
    assert branch_of(create(chat="c1")) not in {branch_of(first), branch_of(refused)}


def test_chat_that_cannot_be_stored_gets_its_job_all_the_same(create, chats, monkeypatch) -> None:
    monkeypatch.setattr(chats, "put", Broken(UnavailableError()).put)

    assert create(chat="c1")
