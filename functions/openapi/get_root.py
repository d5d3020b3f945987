"""GET /: redirects to /docs."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.missions.wiring import wiring
from jobs.openapi import endpoint as openapi_endpoint


def get_root(request: Request) -> Response:
    return openapi_endpoint.root_response(wiring.addresses(request).api)


lambda_handler = runtime.endpoint(
    get_root, on_error=openapi_endpoint.handle_error, headers=openapi_endpoint.HEADERS
)
