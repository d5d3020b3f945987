"""The registry table: documentation projects."""

import json
from typing import TYPE_CHECKING, Any

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
        project = _to_project(tenant, project_id, row)
        return self._projects.put(tenant, project_id, value=project)

    def put_project(self, project: Project) -> None:
        about: Values = {
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
        self._rows.put(*_key(project.tenant, project.id), about)


def _key(tenant: str, project_id: str) -> tuple[str, str]:
    return f"TENANT#{tenant}", f"PROJECT#{project_id}"


def _to_project(tenant: str, project_id: str, row: dict[str, Any]) -> Project:
    return Project(
        id=project_id,
        tenant=tenant,
        repository=row["repository"],
        default_branch=row["default_branch"],
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
