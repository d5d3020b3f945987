"""GET /openapi/{document}: an API's OpenAPI document, `messaging.json` for example."""

from jobs import mission_bootstrap, openapi_endpoint, runtime
from jobs.http import Request, Response


def get_document(request: Request) -> Response:
    return openapi_endpoint.document(
        request.path("document"),
        mission_bootstrap.addresses(request).api,
        request.header("if-none-match"),
    )


lambda_handler = runtime.endpoint(
    get_document, refuse=openapi_endpoint.refuse, headers=openapi_endpoint.HEADERS
)
