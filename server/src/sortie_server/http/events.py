"""Proxy events of API Gateway, made from ASGI requests, and its answers made into responses.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from jobs.kit.api_gateway import Received, remap_header
from sortie_server.template import GatewayResponse


def to_context(
    request: HttpRequest, request_id: str, resource: str, authorizer: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what API Gateway tells a function of a request to a resource."""
    client = request.client
    received = Received(
        method=request.method,
        path=request.scope["raw_path"].decode("latin-1"),
        host=request.headers.get("host", ""),
        source_ip=client.host if client else "",
    )
    return received.to_context(request_id=request_id, resource=resource, caller=authorizer)


def to_event(request: HttpRequest, context: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """Return the event of a request: of repeated headers and parameters, the last one."""
    query = request.scope["query_string"].decode("latin-1")
    return {
        "httpMethod": request.method,
        "headers": to_headers(request.scope["headers"]),
        "queryStringParameters": dict(parse_qsl(query, keep_blank_values=True)),
        "pathParameters": {name: unquote(value) for name, value in request.path_params.items()},
        "body": body.decode("utf-8", "replace") if body else None,
        "isBase64Encoded": False,
        "requestContext": context,
    }


def to_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers as text, with U+FFFD for bytes that are not UTF-8, as API Gateway does."""
    return {name.decode("latin-1"): value.decode("utf-8", "replace") for name, value in raw}


def to_response(answer: Mapping[str, Any]) -> Response:
    """Return the response of a function's answer."""
    response = Response(answer["body"], answer["statusCode"])
    for name, value in answer["headers"].items():
        response.headers[remap_header(name)] = value
    return response


def to_gateway_response(rule: GatewayResponse, request_id: str) -> Response:
    """Return an answer of the gateway itself."""
    now = f"{datetime.now(UTC):%d/%b/%Y:%H:%M:%S +0000}"
    body = rule.body.replace("$context.requestId", request_id)
    body = body.replace("$context.requestTime", now)
    return Response(body, rule.status, rule.headers, media_type="application/json")
