"""The webhooks API: how it spells deliveries and errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from jobs.core.ids import is_uuid
from jobs.kit.errors import UnavailableError
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
_REFUSALS: Final[Mapping[type[Exception], tuple[HTTPStatus, str, str]]] = {
    BadRequestError: (HTTPStatus.BAD_REQUEST, "INVALID_REQUEST", ""),
    DeliveryNotFoundError: (HTTPStatus.NOT_FOUND, "DELIVERY_NOT_FOUND", "Delivery not found"),
    DeliveryExhaustedError: (
        HTTPStatus.CONFLICT, "DELIVERY_EXHAUSTED", "Delivery has been attempted too often"
    ),
    UnavailableError: (
        HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", "Service is busy, try again"
    ),
    Exception: (HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Internal server error"),
}  # fmt: skip


def refuse(error: Exception, request: Request) -> Response[Error]:
    """Word an error; those without a text of their own carry it themselves."""
    status, code, text = _REFUSALS[next(c for c in type(error).__mro__ if c in _REFUSALS)]
    retry = {"Retry-After": "1"} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
    return Response(status, {"success": False, "error": text or str(error), "code": code}, retry)


def parse_job_id(request: Request) -> str:
    """Return whose deliveries are asked for. Raises `BadRequestError`."""
    job_id = request.query("jobId") or ""
    if not is_uuid(job_id):
        raise BadRequestError("jobId must be a job's id")
    return job_id


def parse_delivery_id(request: Request) -> str:
    """Return the path's delivery. Raises `DeliveryNotFoundError` if it can be no delivery's id."""
    delivery_id = request.path("deliveryId")
    if not is_uuid(delivery_id):
        raise DeliveryNotFoundError(delivery_id)
    return delivery_id


def list_response(found: Sequence[WebhookDelivery]) -> Response[types.ListDeliveriesResponse]:
    return Response(HTTPStatus.OK, {"deliveries": [to_delivery(each) for each in found]})


def accepted_response(again: WebhookDelivery) -> Response[types.Delivery]:
    return Response(HTTPStatus.ACCEPTED, to_delivery(again))


def to_delivery(told: WebhookDelivery) -> types.Delivery:
    """Spell one delivery; what it has not is left out."""
    spelled: types.Delivery = {
        "deliveryId": told.id,
        "jobId": told.ref.id,
        "dialect": told.ref.kind,
        "url": told.url,
        "event": told.event,
        "sequence": told.sequence,
        "status": told.state.value,
        "createdAt": iso(told.planned_at),
        "attempts": [_to_attempt(each) for each in told.attempts],
    }
    if told.subscription:
        spelled["subscription"] = told.subscription
    return spelled


def _to_attempt(made: Attempt) -> types.Attempt:
    spelled: types.Attempt = {"at": iso(made.at), "durationMs": made.ms}
    if made.status is not None:
        spelled["status"] = made.status
    if made.error is not None:
        spelled["error"] = made.error
    return spelled
