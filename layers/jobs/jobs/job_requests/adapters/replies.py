"""What became of requests that came by an event, on the stack's event bus."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from jobs.core.adapters.eventbridge import SOURCE
from jobs.core.job import JobRef
from jobs.kit.aws.client import passing_failures
from jobs.kit.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient

ACCEPTED: Final = "Job Request Accepted"
REJECTED: Final = "Job Request Rejected"
_TOLD: Final = ("dialect", "tenant", "idempotencyKey")
_LONGEST: Final = 255


class RequestEvents:
    """`detail` is that of the event that asked: of it, only who asked under which key is told."""

    def __init__(self, client: "EventBridgeClient", bus: str) -> None:
        self._client = client
        self._bus = bus

    def accepted(self, request_id: str, detail: Mapping[str, Any], ref: JobRef) -> None:
        self._put(ACCEPTED, {**_about(request_id, detail), "jobId": ref.id})

    def rejected(
        self,
        request_id: str,
        detail: Mapping[str, Any],
        *,
        code: str,
        reason: str,
        details: Mapping[str, str],
    ) -> None:
        told = {**_about(request_id, detail), "code": code, "reason": reason}
        self._put(REJECTED, {**told, "details": dict(details)} if details else told)

    def _put(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        with passing_failures():
            answer = self._client.put_events(
                Entries=[
                    {
                        "EventBusName": self._bus,
                        "Source": SOURCE,
                        "DetailType": detail_type,
                        "Detail": json.dumps(detail),
                    }
                ]
            )
        if answer["FailedEntryCount"]:
            raise UnavailableError("the event bus refused an event")


def _about(request_id: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: detail[name][:_LONGEST] for name in _TOLD if isinstance(detail.get(name), str)}
    return {"version": "1", "requestId": request_id, **known}
