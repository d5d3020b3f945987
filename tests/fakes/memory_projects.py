"""In-memory documentation projects; tests/adapters checks their contract."""

from jobs.docs.docs_job import Project
from jobs.docs.errors import ProjectNotFoundError


class InMemoryProjects:
    def __init__(self) -> None:
        self._projects: dict[tuple[str, str], Project] = {}

    def project(self, tenant: str, project_id: str) -> Project:
        try:
            return self._projects[tenant, project_id]
        except KeyError:
            raise ProjectNotFoundError(project_id) from None

    def put_project(self, project: Project) -> None:
        self._projects[project.tenant, project.id] = project
