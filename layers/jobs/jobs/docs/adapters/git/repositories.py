"""Open the repositories of projects."""

from jobs.docs.adapters.git.checkout import GitCheckout
from jobs.docs.adapters.git.credentials import credentials_of
from jobs.docs.adapters.git.remote import RemoteBranch, Store
from jobs.docs.adapters.git.wire import Limits
from jobs.docs.branch import is_valid_branch
from jobs.docs.docs_job import Project
from jobs.kit.clock import Clock
from jobs.kit.errors import UpstreamError
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
            raise UpstreamError("The branch name is invalid")
        credentials = credentials_of(project, self._secrets)
        remote = RemoteBranch(project.repository, branch, credentials, self._limits)
        store = Store()
        start = remote.fetch(store, default=project.default_branch)
        if start is None:
            raise UpstreamError(f"The repository has no branch {project.default_branch}")
        return GitCheckout(remote, store, start, project=project, clock=self._clock)
