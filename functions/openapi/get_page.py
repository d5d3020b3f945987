"""GET /docs: a page to read and try the APIs."""

from jobs import mission_bootstrap, openapi_endpoint, runtime
from jobs.http import Request, Response


def get_page(request: Request) -> Response:
    return openapi_endpoint.swagger_ui(request.root, mission_bootstrap.addresses(request).api)


lambda_handler = runtime.endpoint(
    get_page, refuse=openapi_endpoint.refuse, headers=openapi_endpoint.HEADERS
)
