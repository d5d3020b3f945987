"""Responses of the messaging API's ASGI apps, whose other answers are streams."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response as HttpResponse

from jobs.core.rate_limit import RateLimitedError
from jobs.kit.clock import Millis
from jobs.kit.error_table import ErrorTable, error_response
from jobs.kit.http import Response
from jobs.kit.lambda_handler import logger
from jobs.messaging.api import responses as messaging


def to_http(response: Response, headers: Mapping[str, str]) -> HttpResponse:
    logger.info("answered", extra={"status": int(response.status)})
    return HttpResponse(
        response.text,
        response.status,
        {**messaging.HEADERS, **headers, **response.headers},
        media_type=response.content_type,
    )


def handle_error(table: ErrorTable, error: Exception, now: Millis) -> Response:
    if isinstance(error, RateLimitedError):
        return messaging.limited_response(error, now)
    response = error_response(table, error)
    if response.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("unexpected error", exc_info=error)
    return response
