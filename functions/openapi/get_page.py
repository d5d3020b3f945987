"""GET /docs: a page to read and try the APIs."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.missions.wiring import wiring
from jobs.openapi import endpoint as openapi_endpoint


def get_page(request: Request) -> Response:
    return openapi_endpoint.page_response(request.root, wiring.addresses(request).api)


lambda_handler = runtime.endpoint(
    get_page, on_error=openapi_endpoint.handle_error, headers=openapi_endpoint.HEADERS
)
