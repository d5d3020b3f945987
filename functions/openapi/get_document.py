"""GET /openapi/{document}: an API's OpenAPI document, `messaging.json` for example."""

from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.missions.wiring import wiring
from jobs.openapi import endpoint as openapi_endpoint
from jobs.payments.wiring import wiring as payments


def get_document(request: Request) -> Response:
    return openapi_endpoint.document_response(
        request.path("document"),
        wiring.addresses(request).api,
        request.header("if-none-match"),
        payments=payments.mode != "off",
    )


lambda_handler = runtime.endpoint(
    get_document, on_error=openapi_endpoint.handle_error, headers=openapi_endpoint.HEADERS
)
