"""Why a job failed, as its caller sees it."""

from dataclasses import dataclass
from typing import Final, Self

from jobs.kit.errors import FailureClass, RefusedError, UpstreamError

MAX_REASON_LENGTH: Final = 500
"""Characters of a reason, which is stored in the job's header."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The reason names no host, key or stack."""

    reason: str
    failure_class: FailureClass

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", self.reason[:MAX_REASON_LENGTH])

    @classmethod
    def of(cls, error: UpstreamError | RefusedError) -> Self:
        return cls(str(error), error.failure_class)
