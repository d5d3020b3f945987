"""The common part of all endpoints of the admin API: the caller, and errors."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from jobs.admin import errors
from jobs.admin.audit import Actor
from jobs.auth.api_key import Scope
from jobs.kit import lambda_handler as runtime
from jobs.kit.error_table import COMMON, ErrorTable, error_response
from jobs.kit.http import Request, Response
from jobs.kit.lambda_init import Needs, no_needs
from jobs.missions.errors import TooManyPartnersError, TopicsTakenError

if TYPE_CHECKING:
    from jobs.kit.types import Error

HEADERS: Final = {"Cache-Control": "no-store"}
"""No page of another origin may read responses, as they contain keys."""


class ScopeMissingError(Exception):
    """The key has not the scope of the admin API."""


_ERRORS: Final[ErrorTable] = {
    **COMMON,
    ScopeMissingError: (
        HTTPStatus.FORBIDDEN, "FORBIDDEN", "This needs a key with the scope admin"
    ),
    errors.TenantNotFoundError: (HTTPStatus.NOT_FOUND, "TENANT_NOT_FOUND", ""),
    errors.CollectionNotFoundError: (HTTPStatus.NOT_FOUND, "NOT_FOUND", ""),
    errors.EntryNotFoundError: (HTTPStatus.NOT_FOUND, "NOT_FOUND", ""),
    errors.ParentNotFoundError: (HTTPStatus.CONFLICT, "PARENT_NOT_FOUND", ""),
    errors.EntryExistsError: (HTTPStatus.CONFLICT, "ALREADY_EXISTS", ""),
    errors.EntryChangedError: (HTTPStatus.CONFLICT, "CHANGED", ""),
    errors.EntryInUseError: (HTTPStatus.CONFLICT, "IN_USE", ""),
    errors.IdTakenError: (HTTPStatus.CONFLICT, "ID_TAKEN", ""),
    errors.KeyReplacedError: (HTTPStatus.CONFLICT, "KEY_ROTATED", ""),
    errors.KeyExpiredError: (HTTPStatus.CONFLICT, "KEY_EXPIRED", ""),
    errors.PartnerReplacedError: (HTTPStatus.CONFLICT, "PARTNER_ROTATED", ""),
    errors.PartnerExpiredError: (HTTPStatus.CONFLICT, "PARTNER_EXPIRED", ""),
    TooManyPartnersError: (HTTPStatus.CONFLICT, "TOO_MANY_PARTNERS", ""),
    TopicsTakenError: (HTTPStatus.CONFLICT, "TOPICS_TAKEN", ""),
    errors.KeyConflictError: (HTTPStatus.CONFLICT, "IDEMPOTENCY_CONFLICT", ""),
    errors.PreconditionFailedError: (HTTPStatus.PRECONDITION_FAILED, "PRECONDITION_FAILED", ""),
}  # fmt: skip


def admin_endpoint(
    answer: Callable[[Request, Actor], Response], *, needs: Needs = no_needs
) -> runtime.LambdaHandler:
    """Return the Lambda handler of an endpoint. It logs which key has called."""

    def admit(request: Request) -> Response:
        if Scope.ADMIN not in request.scopes:
            raise ScopeMissingError
        actor = Actor(name=request.key_name, key=request.key_id or "")
        runtime.logger.append_keys(admin_key=actor.key)
        return answer(request, actor)

    return runtime.endpoint(admit, on_error=handle_error, headers=HEADERS, needs=needs)


def handle_error(error: Exception, request: Request) -> Response[Error]:
    return error_response(_ERRORS, error)
