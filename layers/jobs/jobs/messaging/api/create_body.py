"""The body of a create, validated in the order and with the texts of the contract.

`requests.CreateJobBody` defines the body, for documents. Here are its rules without pydantic, which
would double the cold start; only a webhook's rules need it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from jobs.core.ids import is_uuid
from jobs.kit.fingerprint import fingerprint
from jobs.kit.http import BadRequestError
from jobs.kit.rules import check_content, check_metadata
from jobs.messaging.api.create_rules import (
    MAX_CONTENT,
    check_agent_id,
    check_timeout,
    check_user_id,
)

if TYPE_CHECKING:
    from jobs.messaging.api.requests import CreateJobBody


def _check_webhook(value: Any) -> Any:
    if value is None:
        return None
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - few requests have a webhook

    from jobs.core.webhook_body import WebhookBody  # noqa: PLC0415
    from jobs.kit.body_rules import to_bad_request  # noqa: PLC0415

    try:
        return TypeAdapter(WebhookBody).validate_python(value)
    except ValidationError as error:
        raise to_bad_request(error, "webhook") from error


_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "agentId": check_agent_id,
    "userId": check_user_id,
    "content": partial(check_content, max_units=MAX_CONTENT),
    "metadata": check_metadata,
    "timeoutMs": check_timeout,
    "webhook": _check_webhook,
}
"""In the order in which they apply."""


def parse_create_job(body: Any) -> CreateJobBody:
    """Validate the body of a create. Raises `BadRequestError`. Other fields are ignored."""
    if not isinstance(body, dict):
        raise BadRequestError("Request body must be an object")
    given = {"userId": None, "content": None} | body
    parsed = {name: check(given[name]) for name, check in _CHECKS.items() if name in given}
    for name in ("userId", "agentId"):
        if name in parsed and not is_uuid(parsed[name]):
            raise BadRequestError(f"Invalid {name} format (must be valid UUID)")
    return cast("CreateJobBody", parsed)


def to_request(body: CreateJobBody, agent_id: str) -> dict[str, Any]:
    """Return the request that the job stores."""
    return {
        "agentId": agent_id,
        "userId": body["userId"],
        "content": body["content"],
        "metadata": body.get("metadata", {}),
    }


def fingerprint_body(body: CreateJobBody) -> str:
    """Return the hash that tells two requests with one idempotency key apart."""
    fields = {
        "agentId": body.get("agentId"),
        "userId": body["userId"],
        "content": body["content"],
        "metadata": body.get("metadata", {}),
        "timeoutMs": body.get("timeoutMs"),
    }
    webhook = body.get("webhook")
    return fingerprint({**fields, "webhook": webhook} if webhook else fields)
