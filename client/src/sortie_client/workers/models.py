"""What the API of workers returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sortie_client._core.models import Model


@dataclass(frozen=True, kw_only=True)
class PastMessage(Model):
    """An earlier message of the session."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, kw_only=True)
class ClaimedJob(Model):
    """`output_from`: the number of its first piece of output, where the server takes pieces."""

    job_id: str
    attempt: int
    agent_id: str
    user_id: str
    content: str
    metadata: Mapping[str, Any]
    history: Sequence[PastMessage]
    deadline: datetime
    lease_seconds: int
    heartbeat_seconds: int
    output_from: int | None = None


@dataclass(frozen=True, kw_only=True)
class Claim(Model):
    """`retry_after_seconds`: how long to pause before the next claim."""

    jobs: Sequence[ClaimedJob]
    retry_after_seconds: int


@dataclass(frozen=True, kw_only=True)
class Lease(Model):
    lease_until: datetime


@dataclass(frozen=True, kw_only=True)
class Failed(Model):
    """`retry_at`: when workers may claim the job again; None: it has ended."""

    status: str
    retry_at: datetime | None = None
