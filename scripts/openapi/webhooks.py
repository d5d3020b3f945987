"""The operations of the webhooks API, and the webhooks themselves."""

from typing import Annotated, Any, Final

from pydantic import Field

from jobs import kinds
from jobs.kit.types import Error, Uuid
from jobs.webhooks.api import responses as webhooks
from jobs.webhooks.api import types
from jobs.webhooks.deliver_webhook import MAX_ATTEMPTS
from jobs.webhooks.errors import DeliveryExhaustedError, DeliveryNotFoundError
from scripts.openapi.model import Api, Event, Operation, capture_error, request_with
from scripts.openapi.shared import API_KEY, RETRY_AFTER

_KEY: Final[dict[str, Any]] = {
    "security": ["apiKey"],
    "error_type": Error,
    "error_response": webhooks.handle_error,
    "tag": "Deliveries",
}
_DELIVERY: Final = "5f0c1a52-7d1e-5b0a-9d55-0c1f6f1d2a01"
_JOB: Final = "019b7963-4a00-7000-8000-000000000001"

WEBHOOKS: Final = Api(
    name="webhooks",
    title="Webhooks",
    version="1",
    description="Deliveries of a job's webhooks, with each attempt. A create names a webhook in"
    " `webhook` of its body (messaging, missions) or in the header X-Webhook-Url (documentation"
    " agents); webhooks for all of a tenant's jobs are in the tenant's registry.",
    tags={"Deliveries": "Webhooks that were sent", "Events": "Requests to webhook receivers"},
    security=API_KEY,
    enums={"Dialect": kinds.NAMES},
    parameters={
        "deliveryId": Annotated[
            str, Field(description="The delivery's id, a UUID; also its webhook-id")
        ]
    },
    headers=RETRY_AFTER,
    operations=[
        Operation(
            name="list_deliveries",
            method="GET",
            path="/webhooks/deliveries",
            summary="List a job's deliveries of the last 14 days, with each attempt",
            query={"jobId": Annotated[Uuid, Field(description="The job's id")]},
            required_query=["jobId"],
            responses={200: types.ListDeliveriesResponse},
            errors=[capture_error(webhooks.parse_job_id, request_with())],
            **_KEY,
        ),
        Operation(
            name="redeliver",
            method="POST",
            path="/webhooks/{deliveryId}/redeliver",
            summary="Send a webhook again, now",
            responses={202: types.Delivery},
            errors=[DeliveryNotFoundError(), DeliveryExhaustedError(_DELIVERY)],
            **_KEY,
        ),
    ],
    events=[
        Event(
            name="job_status_changed",
            summary="A job's status has changed",
            description="Sent to the job's webhook and to the tenant's, with a signature of"
            " Standard Webhooks: verify it with one of its libraries and the tenant's secret."
            " Answer within 10 seconds. The same event may arrive twice.",
            tag="Events",
            body=types.WebhookMessage,
            headers={
                "webhook-id": Annotated[
                    str, Field(description="The delivery's id, the same at each attempt")
                ],
                "webhook-timestamp": Annotated[
                    str,
                    Field(pattern=r"^\d+$", description="Time of the attempt, in epoch seconds"),
                ],
                "webhook-signature": Annotated[
                    str,
                    Field(
                        description="`v1,` and the HMAC-SHA256 of id, timestamp and body in base64,"
                        " one for each of the tenant's active secrets, separated by spaces"
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
            responses={
                "2XX": "Received",
                "410": "Not wanted: Sortie does not send it again",
                "default": f"Failed, redirects included: Sortie retries, {MAX_ATTEMPTS} attempts"
                " in a day at most",
            },
        )
    ],
)
