"""Changes of status on the stack's event bus."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import batched
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

from jobs.adapters.aws import passing_failures
from jobs.domain.counts import JobChange
from jobs.domain.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient

SOURCE: Final = "jobs"
DETAIL_TYPE: Final = "Job Status Changed"
_ENTRIES_A_CALL: Final = 10
_NAMESPACE: Final = UUID("3f0b1d0e-7f4c-5b52-9d5e-0a6f1f1c2a77")


class EventBridgePublisher:
    """`paths` says where each dialect answers for a job: `{"messaging": "/api/…/{id}"}`.

    A documentation agent's has a `{project}` too, and what follows a job is found there.
    """

    def __init__(self, client: "EventBridgeClient", bus: str, paths: Mapping[str, str]) -> None:
        self._client = client
        self._bus = bus
        self._paths = paths

    def publish(self, changes: Sequence[JobChange]) -> None:
        for some in batched(changes, _ENTRIES_A_CALL, strict=False):
            with passing_failures():
                answer = self._client.put_events(
                    Entries=[
                        {
                            "EventBusName": self._bus,
                            "Source": SOURCE,
                            "DetailType": DETAIL_TYPE,
                            "Detail": json.dumps(self._detail(change)),
                        }
                        for change in some
                    ]
                )
            if answer["FailedEntryCount"]:
                raise UnavailableError("the event bus refused events")

    def _detail(self, change: JobChange) -> dict[str, Any]:
        ref = change.ref
        return {
            "version": "1",
            # The same change has the same id, however often it is told.
            "eventId": str(uuid5(_NAMESPACE, f"{ref.tenant}/{ref.id}/{change.sequence}")),
            "sequence": change.sequence,
            "tenant": ref.tenant,
            "dialect": ref.dialect,
            "jobId": ref.id,
            "status": change.status,
            "previousStatus": change.previous,
            "occurredAt": datetime.fromtimestamp(change.changed_at / 1000, UTC).isoformat(),
            "links": {"self": self._link(change)},
        }

    def _link(self, change: JobChange) -> str:
        path, session = self._paths[change.ref.dialect], change.session
        if session is None:
            return path.format(id=change.ref.id)
        return path.format(project=session.project, id=session.root or change.ref.id)
