"""Error responses `{"success": false, "error": text, "code": code}`, from a table of errors."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from jobs.kit.errors import UnavailableError
from jobs.kit.http import BadRequestError, Response, TooLargeError

if TYPE_CHECKING:
    from jobs.kit.types import Error

type ErrorTable = Mapping[type[Exception], tuple[HTTPStatus, str, str]]
"""Status, code and text by class; an empty text stands for the error's own message."""

COMMON: Final[ErrorTable] = {
    BadRequestError: (HTTPStatus.BAD_REQUEST, "INVALID_REQUEST", ""),
    TooLargeError: (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "REQUEST_TOO_LARGE", "Request body is too large"
    ),
    UnavailableError: (
        HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", "Service is busy, try again"
    ),
    Exception: (HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Internal server error"),
}  # fmt: skip


def error_response(
    table: ErrorTable, error: Exception, *, retry_after_s: int = 1
) -> Response[Error]:
    """Return the response to an error; a 429 and a 503 have `Retry-After`."""
    status, code, text = find_row(table, error)
    retry = status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
    return Response(
        status,
        {"success": False, "error": text or str(error), "code": code},
        {"Retry-After": str(retry_after_s)} if retry else {},
    )


def find_row[Row](table: Mapping[type[Exception], Row], error: Exception) -> Row:
    """Return the row of the error's most specific class."""
    return table[next(each for each in type(error).__mro__ if each in table)]
