"""The webhooks API: what was sent about jobs, and what is sent."""

from typing import Annotated, Any, Final

from pydantic import Field

from jobs.core.errors import DeliveryExhaustedError, DeliveryNotFoundError
from jobs.docs import docs_job as docs
from jobs.kit.types import Error, Uuid
from jobs.messaging.api import responses as messaging
from jobs.missions import mission as missions
from jobs.webhooks.api import responses as webhooks
from jobs.webhooks.api import types
from scripts.openapi.model import Api, Event, Operation, asking, raised
from scripts.openapi.shared import API_KEY, RETRY_AFTER

DIALECTS: Final = (messaging.NAME, missions.DIALECT, docs.DIALECT)
_KEY: Final[dict[str, Any]] = {
    "security": ["apiKey"],
    "error": Error,
    "refuse": webhooks.refuse,
    "tag": "Deliveries",
}
_DELIVERY: Final = "5f0c1a52-7d1e-5b0a-9d55-0c1f6f1d2a01"
_JOB: Final = "019b7963-4a00-7000-8000-000000000001"

WEBHOOKS: Final = Api(
    name="webhooks",
    title="Webhooks",
    version="1",
    description="What was sent to webhooks about a job, and how that went; and what is sent."
    " A create names a webhook in `webhook` of its body (messaging, missions) or in the header"
    " X-Webhook-Url (documentation agents); standing ones are in the tenant's registry.",
    tags={"Deliveries": "What was sent", "Events": "What is sent"},
    security=API_KEY,
    values={"Dialect": DIALECTS},
    parameters={
        "deliveryId": Annotated[
            str, Field(description="As deliveries are listed, and their webhook-id; a UUID")
        ]
    },
    headers=RETRY_AFTER,
    operations=[
        Operation(
            name="list_deliveries",
            method="GET",
            path="/webhooks/deliveries",
            summary="List what was sent about a job, with each attempt, for 14 days",
            query={"jobId": Annotated[Uuid, Field(description="Whose deliveries")]},
            required=["jobId"],
            answers={200: types.Deliveries},
            refusals=[raised(webhooks.job_id_in, asking())],
            **_KEY,
        ),
        Operation(
            name="redeliver",
            method="POST",
            path="/webhooks/{deliveryId}/redeliver",
            summary="Have a webhook sent once more, now",
            answers={202: types.Delivery},
            refusals=[DeliveryNotFoundError(), DeliveryExhaustedError(_DELIVERY)],
            **_KEY,
        ),
    ],
    events=[
        Event(
            name="job_status_changed",
            summary="A job has changed its status",
            description="Sent to a job's webhook and to its tenant's standing ones, signed as"
            " Standard Webhooks says: check the signature with one of its libraries and the"
            " tenant's secret. Answer within 10 seconds. The same event may come twice.",
            tag="Events",
            body=types.Sent,
            headers={
                "webhook-id": Annotated[
                    str, Field(description="The delivery's; the same at each attempt")
                ],
                "webhook-timestamp": Annotated[
                    str, Field(pattern=r"^\d+$", description="Of the attempt, in epoch seconds")
                ],
                "webhook-signature": Annotated[
                    str,
                    Field(
                        description="`v1,` and the HMAC-SHA256 of id, timestamp and body in base64,"
                        " by each of the tenant's live secrets, with a space between"
                    ),
                ],
            },
            example={
                "type": "job.completed",
                "timestamp": "2026-01-01T12:00:00.450000+00:00",
                "data": {
                    "version": "1",
                    "eventId": "3d3a1c5e-52b6-5c80-9f0a-6f0c6cf1a301",
                    "sequence": 3,
                    "tenant": "demo",
                    "dialect": "messaging",
                    "jobId": _JOB,
                    "status": "SUCCEEDED",
                    "previousStatus": "RUNNING",
                    "occurredAt": "2026-01-01T12:00:00.450000+00:00",
                    "links": {"self": f"/api/messaging/jobs/{_JOB}"},
                },
            },
            answers={
                "2XX": "It was received",
                "410": "No more of it is wanted: it is not sent again",
                "default": "It is sent again later, 13 times in a day; redirects are not followed",
            },
        )
    ],
)
