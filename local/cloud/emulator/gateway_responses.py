"""Make MiniStack's gateway responses those of API Gateway.

MiniStack lacks one variable of their templates, `$context.requestTime`. At an unknown route, API
Gateway takes an Authorization header for an AWS signature, and refuses it before the route.
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ministack.core import sigv4  # type: ignore[import-not-found]
from ministack.services import apigateway_v1  # type: ignore[import-not-found]


def respond_as_api_gateway() -> None:
    render = apigateway_v1._gateway_error_response

    def render_as_aws(error: Any, request: Any) -> tuple[int, dict[str, str], bytes]:
        if error.response_type == "MISSING_AUTHENTICATION_TOKEN":
            error = find_signature_error(request["headers"]) or error
        status, headers, body = render(error, request)
        now = datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
        return status, headers, body.replace(b"$context.requestTime", now.encode())

    apigateway_v1._gateway_error_response = render_as_aws


def find_signature_error(headers: Mapping[str, Any]) -> Any:
    """Return the error of an Authorization header that is not an AWS signature, if there is one."""
    lowered = {name.lower(): value for name, value in headers.items()}
    refused = sigv4.foreign_authorization_failure(lowered) if "authorization" in lowered else None
    if not refused:
        return None
    code, message = refused
    kind, error_type = apigateway_v1._AUTHENTICATION_GATEWAY_ERRORS[code]
    return apigateway_v1._GatewayError(kind, message, error_type)
