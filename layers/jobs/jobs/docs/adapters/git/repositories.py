"""Open the repositories of projects."""

from jobs.docs.adapters.git.checkout import GitCheckout
from jobs.docs.adapters.git.credentials import credentials_of
from jobs.docs.adapters.git.remote import RemoteBranch, Store
from jobs.docs.adapters.git.wire import Limits
from jobs.docs.branch import is_valid_branch
from jobs.docs.docs_job import Project
from jobs.kit.clock import Clock
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.kit.secrets import SecretReader


class GitRepositories:
    def __init__(self, secrets: SecretReader, clock: Clock, limits: Limits) -> None:
        self._secrets = secrets
        self._clock = clock
        self._limits = limits

    def open(self, project: Project, branch: str) -> GitCheckout:
        """Fetch the branch. If it does not exist, start at the default branch.

        Raises `UpstreamError`, `CredentialsRefusedError`.
        """
        if not is_valid_branch(branch):
            raise UpstreamError("The branch name is invalid", FailureClass.REFUSED)
        remote, store = self._remote(project, branch), Store()
        start = remote.fetch_or_default(store, project.default_branch)
        if project.pull_requests and not start.default_name:
            raise UpstreamError(
                "The repository's HEAD names no branch for pull requests. Name one by"
                " `defaultBranch` in the registry",
                FailureClass.NOT_FOUND,
            )
        return GitCheckout(remote, store, start, project=project, clock=self._clock)

    def check(self, project: Project) -> None:
        """Ask for the repository's branches. Raises like `open`, and fetches nothing."""
        self._remote(project, project.default_branch or "main").check(project.default_branch)

    def _remote(self, project: Project, branch: str) -> RemoteBranch:
        credentials = credentials_of(project, self._secrets)
        return RemoteBranch(project.repository, branch, credentials, self._limits)
