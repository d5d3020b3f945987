"""Changes of status on the stack's event bus."""

import json
from collections.abc import Sequence
from itertools import batched
from typing import TYPE_CHECKING, Final

from jobs.core.adapters.job_events import JobEvents
from jobs.core.changes import JobChange
from jobs.kit.aws.client import convert_transient_errors
from jobs.kit.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient

SOURCE: Final = "jobs"
DETAIL_TYPE: Final = "Job Status Changed"
_ENTRIES_A_CALL: Final = 10


class EventBridgePublisher:
    def __init__(self, client: "EventBridgeClient", bus: str, events: JobEvents) -> None:
        self._client = client
        self._bus = bus
        self._events = events

    def publish(self, changes: Sequence[JobChange]) -> None:
        for some in batched(changes, _ENTRIES_A_CALL, strict=False):
            with convert_transient_errors():
                answer = self._client.put_events(
                    Entries=[
                        {
                            "EventBusName": self._bus,
                            "Source": SOURCE,
                            "DetailType": DETAIL_TYPE,
                            "Detail": json.dumps(self._events.detail(change)),
                        }
                        for change in some
                    ]
                )
            if answer["FailedEntryCount"]:
                raise UnavailableError("the event bus refused events")
