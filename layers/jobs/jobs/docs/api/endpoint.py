"""Make Lambda handlers of the documentation agents' API."""

from collections.abc import Callable

from jobs.auth.api_key import Scope
from jobs.docs.api import access as docs_access
from jobs.docs.api import errors as docs_errors
from jobs.docs.wiring import wiring
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.kit.lambda_init import Needs, no_needs


def docs_endpoint(
    answer: Callable[[Request], Response], *, scope: Scope, needs: Needs = no_needs
) -> runtime.LambdaHandler:
    """Make the Lambda handler of an endpoint that requires a scope."""

    def admit(request: Request) -> Response:
        docs_access.require_scope(scope, request.scopes)
        return answer(request)

    def handle_error(error: Exception, request: Request) -> Response:
        return docs_errors.error_response(error, now=wiring.core.clock())

    return runtime.endpoint(admit, on_error=handle_error, headers=docs_errors.HEADERS, needs=needs)
