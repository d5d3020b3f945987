"""Convert HTTP requests of the Lambda Web Adapter back to API Gateway requests.

The adapter passes the gateway's request context, with the authorizer's result, in a header. It
overwrites a header of that name that a client has sent.
"""

import base64
import json
from typing import Final

from starlette.requests import Request as HttpRequest

from jobs.kit.errors import UnknownCallerError
from jobs.kit.http import Request

CONTEXT_HEADER: Final = "x-amzn-request-context"


async def from_gateway(http_request: HttpRequest) -> Request:
    """Return the gateway's request. Raises `UnknownCallerError` without an authorizer's result."""
    request = Request(
        {
            "headers": dict(http_request.headers),
            "pathParameters": http_request.path_params,
            "body": base64.b64encode(await http_request.body()).decode(),
            "isBase64Encoded": True,
            "requestContext": _context(http_request.headers.getlist(CONTEXT_HEADER)),
        }
    )
    try:
        request.tenant  # noqa: B018 - is it known?
    except (KeyError, TypeError) as error:
        raise UnknownCallerError from error
    return request


def _context(headers: list[str]) -> object:
    try:
        [header] = headers
        return json.loads(header.encode("latin-1"))
    except ValueError as error:
        raise UnknownCallerError from error
