"""Events of changed status, for the event bus and webhooks, without the job's content."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from jobs.core.changes import JobChange
from jobs.core.kind import Kinds

if TYPE_CHECKING:
    from jobs.core.types import JobStatusChanged

_NAMESPACE: Final = UUID("3f0b1d0e-7f4c-5b52-9d5e-0a6f1f1c2a77")


class JobEvents:
    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds

    def detail(self, change: JobChange) -> JobStatusChanged:
        if change.status is None:
            raise ValueError("a deleted job has no status")
        ref = change.ref
        return {
            "version": "1",
            # A replayed change keeps its id.
            "eventId": str(uuid5(_NAMESPACE, f"{ref.tenant}/{ref.id}/{change.sequence}")),
            "sequence": change.sequence,
            "tenant": ref.tenant,
            "dialect": ref.kind,
            "jobId": ref.id,
            "status": change.status,
            "previousStatus": change.previous,
            "occurredAt": datetime.fromtimestamp(change.changed_at / 1000, UTC).isoformat(),
            "links": {"self": self._kinds(ref.kind).link(ref, change.details)},
        }
