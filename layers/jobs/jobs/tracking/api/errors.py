"""The missions API (contract: missions.md): error responses of tracking."""

from http import HTTPStatus
from typing import Final

from jobs.missions.api.errors import ErrorRow, ErrorTable
from jobs.tracking.errors import ResourceNotFoundError, ShareNotFoundError

ERRORS: Final[ErrorTable] = {
    ResourceNotFoundError: ErrorRow(
        HTTPStatus.NOT_FOUND, "Resource not found", "RESOURCE_NOT_FOUND",
        "Your organisation has neither a job nor a device group of this id",
    ),
    ShareNotFoundError: ErrorRow(
        HTTPStatus.NOT_FOUND, "Share not found", "SHARE_NOT_FOUND",
        "Your organisation has no such share, or it has expired",
    ),
}  # fmt: skip
