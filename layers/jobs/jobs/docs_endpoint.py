"""What every endpoint of the documentation agents' API has in common."""

from collections.abc import Callable

from jobs import bootstrap, runtime
from jobs.dialects import docs_access, docs_errors
from jobs.domain.agent import Scope
from jobs.http import Request, Response


def docs_endpoint(answer: Callable[[Request], Response], *, scope: Scope) -> runtime.LambdaHandler:
    """Make a Lambda handler of an endpoint, for keys of this scope."""

    def admit(request: Request) -> Response:
        docs_access.demand(scope, request.scopes)
        return answer(request)

    def refuse(error: Exception, request: Request) -> Response:
        return docs_errors.refuse(error, now=bootstrap.now())

    return runtime.endpoint(admit, refuse=refuse, headers=docs_errors.HEADERS)
