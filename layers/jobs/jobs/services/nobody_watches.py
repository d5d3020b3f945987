"""Until there are watchers."""

from collections.abc import Iterable

from jobs.domain.device import DeviceState
from jobs.domain.job import Job


class NobodyWatches:
    def changed(self, job: Job) -> None:
        """Nobody is told."""

    def read(self, states: Iterable[DeviceState]) -> None:
        """Nobody is told."""
