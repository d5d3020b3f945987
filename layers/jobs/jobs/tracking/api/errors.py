"""The missions API (contract: missions.md): error responses of tracking."""

from http import HTTPStatus
from typing import Final

from jobs.missions.api.errors import ErrorRow, ErrorTable
from jobs.tracking.errors import ResourceNotFoundError, ShareNotFoundError, TooManySharesError
from jobs.tracking.limits import MAX_SHARES_OF_RESOURCE, MAX_SHARES_OF_TENANT

ERRORS: Final[ErrorTable] = {
    ResourceNotFoundError: ErrorRow(
        HTTPStatus.NOT_FOUND, "Resource not found", "RESOURCE_NOT_FOUND",
        "Your organisation has neither a job nor a device group of this id",
    ),
    ShareNotFoundError: ErrorRow(
        HTTPStatus.NOT_FOUND, "Share not found", "SHARE_NOT_FOUND",
        "Your organisation has no such share, or it has expired",
    ),
    TooManySharesError: ErrorRow(
        HTTPStatus.CONFLICT, "Too many shares", "TOO_MANY_SHARES",
        f"At most {MAX_SHARES_OF_RESOURCE} shares of a job or device group and"
        f" {MAX_SHARES_OF_TENANT} of an organisation may be live; revoke one first",
    ),
}  # fmt: skip
