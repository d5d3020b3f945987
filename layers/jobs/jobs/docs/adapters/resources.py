"""Projects as operators manage them."""

from collections.abc import Mapping
from typing import Any, Final

from jobs.core.entry import parse_entry
from jobs.core.resource import Resource
from jobs.docs.adapters.dynamodb.projects import from_row, to_row
from jobs.docs.docs_job import Project
from jobs.docs.entries import ProjectEntry, to_project


def _parse(tenant: str, fields: Mapping[str, Any]) -> Project:
    return to_project(tenant, parse_entry(ProjectEntry, fields))


def _show(project: Project) -> dict[str, Any]:
    settings = dict(project.settings)
    github_api = settings.pop("githubApi", None)
    optional = {
        "defaultBranch": project.default_branch,
        "secret": project.credentials_secret,
        "pullRequests": project.pull_requests,
        "githubApi": github_api,
        "models": dict(project.models) or None,
        "settings": None if project.provider == "scripted" else settings,
    }
    return {
        "id": project.id,
        "repository": project.repository,
        "folder": project.folder,
        "subdomain": project.subdomain,
        "provider": project.provider,
        "allowDefaultBranch": project.allows_default_branch,
        "allowHiddenFiles": project.allows_hidden_files,
        **{name: value for name, value in optional.items() if value is not None},
    }


PROJECTS: Final[Resource[Project]] = Resource(
    name="projects", label="PROJECT", parse=_parse, show=_show, to_row=to_row, from_row=from_row
)
