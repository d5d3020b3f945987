"""The webhooks API: responses."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from jobs.core.ids import parse_uuid
from jobs.kit.error_table import COMMON, ErrorTable, error_response
from jobs.kit.http import BadRequestError, Request, Response
from jobs.kit.iso_time import iso
from jobs.webhooks.errors import DeliveryExhaustedError, DeliveryNotFoundError
from jobs.webhooks.webhook import Attempt, WebhookDelivery

if TYPE_CHECKING:
    from jobs.kit.types import Error
    from jobs.webhooks.api import types

HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
    "Cache-Control": "no-store",
}
_ERRORS: Final[ErrorTable] = {
    **COMMON,
    DeliveryNotFoundError: (HTTPStatus.NOT_FOUND, "DELIVERY_NOT_FOUND", "Delivery not found"),
    DeliveryExhaustedError: (
        HTTPStatus.CONFLICT, "DELIVERY_EXHAUSTED", "Delivery has been attempted too often"
    ),
}  # fmt: skip


def handle_error(error: Exception, request: Request) -> Response[Error]:
    return error_response(_ERRORS, error)


def parse_job_id(request: Request) -> str:
    """Return the job to list deliveries of. Raises `BadRequestError`."""
    job_id = parse_uuid(request.query("jobId") or "")
    if job_id is None:
        raise BadRequestError("jobId must be a job's id")
    return job_id


def parse_delivery_id(request: Request) -> str:
    """Return the path's delivery. Raises `DeliveryNotFoundError` unless its id is a UUID."""
    delivery_id = parse_uuid(request.path("deliveryId"))
    if delivery_id is None:
        raise DeliveryNotFoundError
    return delivery_id


def list_response(found: Sequence[WebhookDelivery]) -> Response[types.ListDeliveriesResponse]:
    return Response(HTTPStatus.OK, {"deliveries": [to_delivery(each) for each in found]})


def accepted_response(delivery: WebhookDelivery) -> Response[types.Delivery]:
    return Response(HTTPStatus.ACCEPTED, to_delivery(delivery))


def to_delivery(delivery: WebhookDelivery) -> types.Delivery:
    body: types.Delivery = {
        "deliveryId": delivery.id,
        "jobId": delivery.ref.id,
        "dialect": delivery.ref.kind,
        "url": delivery.url,
        "event": delivery.event,
        "sequence": delivery.sequence,
        "status": delivery.state.value,
        "createdAt": iso(delivery.planned_at),
        "attempts": [_to_attempt(each) for each in delivery.attempts],
    }
    if delivery.subscription:
        body["subscription"] = delivery.subscription
    return body


def _to_attempt(attempt: Attempt) -> types.Attempt:
    body: types.Attempt = {"at": iso(attempt.at), "durationMs": attempt.ms}
    if attempt.status is not None:
        body["status"] = attempt.status
    if attempt.error is not None:
        body["error"] = attempt.error
    if attempt.failure_class is not None:
        body["errorClass"] = attempt.failure_class.value
    return body
