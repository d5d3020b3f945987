"""Documentation projects."""

import pytest

from jobs.docs.adapters.dynamodb.projects import DynamoProjects
from jobs.docs.docs_job import Project
from jobs.docs.errors import ProjectNotFoundError

MINUTE = 60_000


@pytest.fixture
def project(tenant) -> Project:
    return Project(
        id="docs",
        tenant=tenant,
        repository="https://git.example/acme/docs.git",
        default_branch="trunk",
        folder="docs/žluť",
        subdomain="acme",
        provider="openai",
        models={"sonnet": "small", "opus": "large"},
        settings={"baseUrl": "http://models/v1", "parameters": {"temperature": 0.7}},
        credentials_secret="acme/git",
        pull_requests="acme/docs",
        allows_default_branch=True,
        allows_hidden_files=True,
    )


def test_project_stored_is_returned_unchanged(projects, tenant, project) -> None:
    plain = Project(id="plain", tenant=tenant, repository="https://git.example/plain.git")
    for each in (project, plain):
        projects.put_project(each)

    assert projects.project(tenant, "docs") == project
    assert projects.project(tenant, "plain") == plain


@pytest.mark.parametrize("project_id", ["docs#", "doc", "", "DOCS"])
def test_project_unknown_is_not_found(projects, tenant, project, project_id) -> None:
    projects.put_project(project)

    with pytest.raises(ProjectNotFoundError):
        projects.project(tenant, project_id)


def test_project_of_other_tenant_is_not_found(projects, tenant, project) -> None:
    projects.put_project(project)
    projects.project(tenant, project.id)

    with pytest.raises(ProjectNotFoundError):
        projects.project(f"{tenant}-rival", project.id)


def test_project_not_found_is_not_cached(projects, tenant, project) -> None:
    with pytest.raises(ProjectNotFoundError):
        projects.project(tenant, project.id)

    projects.put_project(project)

    assert projects.project(tenant, project.id) == project


def test_project_is_cached_for_one_minute(engine, clock, project) -> None:
    projects = DynamoProjects(engine.client, engine.registry, clock)
    projects.put_project(project)

    with engine.calls() as calls:
        for wait in (0, 0, MINUTE - 1, 1):
            clock.advance(wait)
            assert projects.project(project.tenant, project.id) == project

    assert calls == ["GetItem", "GetItem"]
