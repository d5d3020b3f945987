"""What every endpoint of the documentation agents' API has in common."""

from collections.abc import Callable

from jobs.auth.api_key import Scope
from jobs.docs.api import access as docs_access
from jobs.docs.api import errors as docs_errors
from jobs.docs.wiring import wiring
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response


def docs_endpoint(answer: Callable[[Request], Response], *, scope: Scope) -> runtime.LambdaHandler:
    """Make a Lambda handler of an endpoint, for keys of this scope."""

    def admit(request: Request) -> Response:
        docs_access.demand(scope, request.scopes)
        return answer(request)

    def refuse(error: Exception, request: Request) -> Response:
        return docs_errors.refuse(error, now=wiring.core.clock())

    return runtime.endpoint(admit, refuse=refuse, headers=docs_errors.HEADERS)
