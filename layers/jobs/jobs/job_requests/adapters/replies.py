"""Publish replies to job requests on the stack's event bus."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from jobs.core.adapters.eventbridge import SOURCE, refused_codes
from jobs.core.job import JobRef
from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.errors import RefusedError

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient

ACCEPTED: Final = "Job Request Accepted"
REJECTED: Final = "Job Request Rejected"
_COPIED_FIELDS: Final = ("dialect", "tenant", "idempotencyKey")
_MAX_FIELD_LENGTH: Final = 255


class RequestReplies:
    """Publishes `Job Request Accepted` and `Job Request Rejected` events.

    `detail` is the detail of the requesting event. A reply copies its dialect, tenant and
    idempotency key, never its content.
    """

    def __init__(self, client: "EventBridgeClient", bus: str) -> None:
        self._client = client
        self._bus = bus

    def accept(self, request_id: str, detail: Mapping[str, Any], ref: JobRef) -> None:
        self._put(ACCEPTED, {**_base_detail(request_id, detail), "jobId": ref.id})

    def reject(
        self,
        request_id: str,
        detail: Mapping[str, Any],
        *,
        code: str,
        reason: str,
        details: Mapping[str, str],
    ) -> None:
        reply = {**_base_detail(request_id, detail), "code": code, "reason": reason}
        try:
            self._put(REJECTED, {**reply, "details": dict(details)} if details else reply)
        except RefusedError:  # the names of invalid fields may be too large for an event
            self._put(REJECTED, reply)

    def _put(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        with convert_aws_errors():
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
        for code in refused_codes(answer):
            raise RefusedError(f"the event bus refused an event: {code}")


def _base_detail(request_id: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    copied = {
        name: detail[name][:_MAX_FIELD_LENGTH]
        for name in _COPIED_FIELDS
        if isinstance(detail.get(name), str)
    }
    return {"version": "1", "requestId": request_id, **copied}
