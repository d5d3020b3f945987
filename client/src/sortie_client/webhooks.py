"""Being told of jobs instead of asking for them: `sortie.webhooks`, and whom a create names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sortie_client._decode import Model, decode
from sortie_client._flow import Flow
from sortie_client._keyed import KeyedCalls
from sortie_client._operation import operation
from sortie_client._wire import path

type Event = Literal[
    "created", "queued", "started", "completed", "failed", "cancelled", "timed_out"
]

URL_HEADER: Final = "X-Webhook-Url"


@dataclass(frozen=True)
class Webhook:
    """Whom to tell of a job: of these events, of all if there are none."""

    url: str
    events: Sequence[Event] = ()

    @property
    def body(self) -> Mapping[str, Any]:
        return {"url": self.url, **({"events": [*self.events]} if self.events else {})}


@dataclass(frozen=True, kw_only=True)
class Attempt(Model):
    """`status`: what the receiver answered (HTTP); `error`: why it did not."""

    at: datetime
    duration_ms: int
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Delivery(Model):
    """`subscription`: of a standing webhook; `sequence` counts the job's changes."""

    delivery_id: str
    job_id: str
    dialect: str
    url: str
    event: str
    sequence: int
    status: str
    created_at: datetime
    attempts: Sequence[Attempt]
    subscription: str | None = None


@dataclass(frozen=True, kw_only=True)
class Deliveries(Model):
    deliveries: Sequence[Delivery]


class WebhooksCalls(KeyedCalls):
    """What was sent about jobs, of whichever API."""

    @operation
    def list_deliveries(self, job_id: str) -> Flow[Sequence[Delivery]]:
        """List what was sent about a job in the last 14 days, each with its attempts."""
        answer = yield from self._call("GET", "/webhooks/deliveries", query={"jobId": job_id})
        return decode(Deliveries, answer.json).deliveries

    @operation
    def redeliver(self, delivery_id: str) -> Flow[Delivery]:
        """Have it sent once more, now. Raises `ConflictError` if that was done too often."""
        where = path("webhooks", delivery_id, "redeliver")
        answer = yield from self._call("POST", where, repeatable=False)
        return decode(Delivery, answer.json)
