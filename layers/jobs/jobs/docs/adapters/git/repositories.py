"""Repositories at their hosts, as projects name them."""

from jobs.core.errors import AgentError
from jobs.core.ports import Clock
from jobs.docs.adapters.git.checkout import GitCheckout
from jobs.docs.adapters.git.credentials import SecretReader, credentials_of
from jobs.docs.adapters.git.remote import RemoteBranch, Store
from jobs.docs.adapters.git.wire import Limits
from jobs.docs.branch import valid_branch
from jobs.docs.docs_job import Project


class GitRepositories:
    def __init__(self, secrets: SecretReader, clock: Clock, limits: Limits) -> None:
        self._secrets = secrets
        self._clock = clock
        self._limits = limits

    def open(self, project: Project, branch: str) -> GitCheckout:
        """Fetch the branch, or the default one it is to begin at.

        Raises `AgentError`, `CredentialsRefusedError`.
        """
        if not valid_branch(branch):
            raise AgentError("The branch's name is none")
        credentials = credentials_of(project, self._secrets)
        remote = RemoteBranch(project.repository, branch, credentials, self._limits)
        store = Store()
        start = remote.fetch(store, default=project.default_branch)
        if start is None:
            raise AgentError(f"The repository has no branch {project.default_branch}")
        return GitCheckout(remote, store, start, folder=project.folder, clock=self._clock)
