"""The registry table: documentation projects."""

import json
from typing import TYPE_CHECKING

from jobs.core.resource import Row
from jobs.docs.docs_job import Project
from jobs.docs.errors import ProjectNotFoundError
from jobs.kit.aws.dynamodb.attributes import Values
from jobs.kit.aws.dynamodb.rows import Rows
from jobs.kit.cache import Cache
from jobs.kit.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoProjects:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._rows = Rows(client, table)
        self._projects = Cache[Project](clock)

    def project(self, tenant: str, project_id: str) -> Project:
        if known := self._projects.get(tenant, project_id):
            return known
        row = self._rows.get(*_key(tenant, project_id))
        if not row:
            raise ProjectNotFoundError(project_id)
        project = from_row(tenant, project_id, row)
        return self._projects.put(tenant, project_id, value=project)

    def put_project(self, project: Project) -> None:
        self._rows.put(*_key(project.tenant, project.id), to_row(project))


def to_row(project: Project) -> Values:
    return {
        "repository": project.repository,
        "default_branch": project.default_branch,
        "folder": project.folder,
        "subdomain": project.subdomain,
        "provider": project.provider,
        "models": json.dumps(dict(project.models)),
        "settings": json.dumps(dict(project.settings)),
        "credentials_secret": project.credentials_secret,
        "pull_requests": project.pull_requests,
        "allows_default_branch": int(project.allows_default_branch),
        "allows_hidden_files": int(project.allows_hidden_files),
    }


def _key(tenant: str, project_id: str) -> tuple[str, str]:
    return f"TENANT#{tenant}", f"PROJECT#{project_id}"


def from_row(tenant: str, project_id: str, row: Row) -> Project:
    return Project(
        id=project_id,
        tenant=tenant,
        repository=row["repository"],
        default_branch=row.get("default_branch"),
        folder=row["folder"],
        subdomain=row["subdomain"],
        provider=row["provider"],
        models=json.loads(row["models"]),
        settings=json.loads(row["settings"]),
        credentials_secret=row.get("credentials_secret"),
        pull_requests=row.get("pull_requests"),
        allows_default_branch=bool(row.get("allows_default_branch")),
        allows_hidden_files=bool(row.get("allows_hidden_files")),
    )
