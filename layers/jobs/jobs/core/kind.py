"""A kind of job: what a feature registers with the core. `jobs.kinds` names all of them."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from jobs.core.job import Job, JobRef


class Storage(Protocol):
    """Stores the details of one kind of job in attributes of the job's header."""

    attributes: frozenset[str]
    """Every attribute that `dump` may write. A write removes those that `dump` leaves out."""

    def dump(self, job: Job) -> Mapping[str, str | int | None]:
        """Return the attributes of the job's details, keys of sparse indexes included."""

    def load(self, header: Mapping[str, Any]) -> object | None:
        """Return the details that a header's plain values hold."""


type Storages = Callable[[str], Storage]
"""Returns the storage of a kind, by its name."""


def no_storage(kind: str) -> Storage:
    """The storages of a process that reads no jobs."""
    raise LookupError(f"this process does not read jobs, such as of kind {kind}")


class Kind(Protocol):
    """A feature's behaviour for its jobs, which the shared workers call."""

    @property
    def refusals(self) -> Mapping[type[Exception], tuple[str, str]]:
        """Permanent errors of `create`: code and reason. An empty reason means the error's text."""

    def link(self, ref: JobRef, details: object | None) -> str:
        """Return the path of a job in the kind's API."""

    def follow(self, job: Job) -> bool:
        """Start the next step after a change of status; return whether there is one. Idempotent.

        `job` is as it was after the change, without the bodies that are stored apart.
        """

    def survives_dead_letter(self, job: Job) -> bool:
        """Return whether the job goes on although its message has become a dead letter."""

    def create(self, request: Mapping[str, Any], *, tenant: str, key: str) -> Job:
        """Create the job that an event requests, as the kind's API would.

        Raises `BadRequestError` and the errors of the kind's use case.
        """


type Kinds = Callable[[str], Kind]
"""Returns a kind by its name."""
