"""GET /docs/{file}: a script or style of the page at /docs."""

from jobs import openapi_endpoint, runtime
from jobs.http import Request, Response


def get_file(request: Request) -> Response:
    return openapi_endpoint.file(request.path("file"), request.query("v"))


lambda_handler = runtime.endpoint(
    get_file, refuse=openapi_endpoint.refuse, headers=openapi_endpoint.HEADERS
)
