"""The registry table: documentation projects."""

import json
from typing import TYPE_CHECKING, Any

from jobs.docs.docs_job import Project
from jobs.docs.errors import ProjectNotFoundError
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.dynamodb.attributes import Item, Values, attributes, plain
from jobs.kit.cache import Cache
from jobs.kit.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoProjects:
    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._projects = Cache[Project](clock)

    def project(self, tenant: str, project_id: str) -> Project:
        if known := self._projects.get(tenant, project_id):
            return known
        with convert_aws_errors():
            found = self._client.get_item(
                TableName=self._table,
                Key=_key(tenant, project_id),
                ConsistentRead=True,  # finds a project that was just registered
            ).get("Item")
        if not found:
            raise ProjectNotFoundError(project_id)
        project = _to_project(tenant, project_id, plain(found))
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
        }
        with convert_aws_errors():
            self._client.put_item(
                TableName=self._table,
                Item=_key(project.tenant, project.id) | attributes(about),
            )


def _key(tenant: str, project_id: str) -> Item:
    return attributes({"PK": f"TENANT#{tenant}", "SK": f"PROJECT#{project_id}"})


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
    )
