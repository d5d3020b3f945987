"""Ports of workers, in addition to those of the core and of messaging.

Every method may raise `UnavailableError`.
"""

from collections.abc import Sequence
from typing import Protocol

from jobs.core.job import JobRef
from jobs.kit.clock import Millis


class ClaimableJobs(Protocol):
    """The jobs of agents that workers answer: one index is their queue."""

    def find(self, tenant: str, agent_id: str, *, limit: int) -> Sequence[JobRef]:
        """Return the jobs that may be claimed now, the longest waiting first.

        The index may be stale: a claim checks the job itself.
        """

    def any_since(self, tenant: str, since: Millis) -> bool:
        """Return whether a message to any agent of the tenant was created since then."""
