"""GET /docs/{file}: a script or style sheet of the page at /docs."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.openapi import endpoint as openapi_endpoint


def get_file(request: Request) -> Response:
    return openapi_endpoint.file_response(request.path("file"), request.query("v"))


lambda_handler = runtime.endpoint(
    get_file, on_error=openapi_endpoint.handle_error, headers=openapi_endpoint.HEADERS
)
