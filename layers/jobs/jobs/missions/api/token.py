"""The missions API (contract: missions.md, Tokens): the token endpoint of OAuth 2.0."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from jobs.core.rate_limit import Limit, RateLimitedError
from jobs.kit.clock import Millis
from jobs.kit.error_table import ErrorTable, find_row
from jobs.kit.errors import UnavailableError
from jobs.kit.http import BadRequestError, Request, Response, TooLargeError
from jobs.missions.api import errors as missions_errors
from jobs.missions.errors import InvalidClientError
from jobs.missions.partner import AccessToken

if TYPE_CHECKING:
    from jobs.missions.api import types

_MAX_CREDENTIAL_LENGTH: Final = 128
"""The longest client id of Amazon Cognito; its secrets have at most 64 characters.

https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolClientType.html
"""
LIMIT: Final = Limit("token", 100, 2_000)  # bursts of 100, 50 a second


class AccessDeniedError(Exception):
    """The API key is missing, or not valid for this API."""


class UnsupportedGrantTypeError(Exception):
    """The grant type is not `client_credentials`."""


_ERRORS: Final[ErrorTable] = {
    AccessDeniedError: (
        HTTPStatus.FORBIDDEN, "access_denied", "The x-api-key header is missing or wrong"
    ),
    BadRequestError: (HTTPStatus.BAD_REQUEST, "invalid_request", ""),
    TooLargeError: (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "invalid_request", "Request body is too large"
    ),
    UnsupportedGrantTypeError: (
        HTTPStatus.BAD_REQUEST,
        "unsupported_grant_type",
        "grant_type must be client_credentials",
    ),
    InvalidClientError: (
        HTTPStatus.UNAUTHORIZED, "invalid_client", "Unknown client or wrong secret"
    ),
    RateLimitedError: (HTTPStatus.TOO_MANY_REQUESTS, "slow_down", "Too many requests"),
    UnavailableError: (
        HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable", "Service is busy, try again"
    ),
    Exception: (HTTPStatus.INTERNAL_SERVER_ERROR, "server_error", "Internal server error"),
}  # fmt: skip


class Credentials(NamedTuple):
    client_id: str
    client_secret: str

    @classmethod
    def parse(cls, body: Any) -> Self:
        """Parse a body.

        Raises `BadRequestError`, `UnsupportedGrantTypeError`, or `InvalidClientError` for
        credentials that are too long to be a client's.
        """
        if not isinstance(body, dict):
            raise BadRequestError("Request body must be an object")
        if _required_text(body, "grant_type") != "client_credentials":
            raise UnsupportedGrantTypeError
        made = cls(_required_text(body, "client_id"), _required_text(body, "client_secret"))
        if max(map(len, made)) > _MAX_CREDENTIAL_LENGTH:
            raise InvalidClientError
        return made


def _required_text(body: Mapping[str, Any], field: str) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not value:
        raise BadRequestError(f"{field} is required and must be a string")
    return value


def token_response(token: AccessToken) -> Response[types.TokenResponse]:
    return Response(
        HTTPStatus.OK,
        {"access_token": token.value, "token_type": "Bearer", "expires_in": token.expires_in},
    )


def error_response(
    error: Exception, request: Request, *, now: Millis
) -> Response[types.TokenError]:
    """Return the error of RFC 6749. That of a rate limit has the other endpoints' fields too."""
    status, code, text = find_row(_ERRORS, error)
    oauth: types.TokenError = {"error": code, "error_description": text or str(error)}
    shared = missions_errors.error_response(error, request, now=now)
    if not isinstance(error, RateLimitedError):
        return Response(status, oauth, shared.headers)
    both: types.LimitedTokenError = {**shared.body, **oauth}
    return Response(status, both, shared.headers)
