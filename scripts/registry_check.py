"""Ask the git hosts of a registry file's projects whether docs jobs could use them."""

from collections.abc import Iterable, Iterator
from typing import Final

from jobs.docs.adapters.git.github import GitHubPullRequests
from jobs.docs.adapters.git.repositories import GitRepositories
from jobs.docs.adapters.git.wire import Limits
from jobs.docs.docs_job import Project
from jobs.kit.clock import now
from jobs.kit.errors import UpstreamError
from jobs.kit.secrets import SecretReader

_LIMITS: Final = Limits(connect=5, read=10, total=20)


def find_problems(projects: Iterable[Project], secrets: SecretReader) -> Iterator[str]:
    """Yield a sentence for each project whose jobs would fail, as seen from this machine."""
    repositories = GitRepositories(secrets, now, _LIMITS)
    pull_requests = GitHubPullRequests(secrets)
    for project in projects:
        try:
            repositories.check(project)
            if project.pull_requests:
                pull_requests.check(project)
        except UpstreamError as error:
            why = f"{error} ({error.detail})" if error.detail else str(error)
            yield f"project {project.id}: {why}"
