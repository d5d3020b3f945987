"""The common part of all endpoints of the missions API: roles, rate limits and errors."""

from collections.abc import Callable
from typing import Final

from jobs.core.rate_headers import rate_headers
from jobs.core.rate_limit import Limit
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.kit.lambda_init import Needs, no_needs
from jobs.missions.api import access as missions_access
from jobs.missions.api import errors as missions_errors
from jobs.missions.partner import Caller, Role
from jobs.missions.wiring import wiring

_NO_EXTRA_ERRORS: Final[missions_errors.ErrorTable] = {}


def missions_endpoint(
    answer: Callable[[Request, Caller], Response],
    *,
    role: Role,
    limit: Limit | None = None,
    extra_errors: missions_errors.ErrorTable = _NO_EXTRA_ERRORS,
    needs: Needs = no_needs,
) -> runtime.LambdaHandler:
    """Return the Lambda handler of an endpoint, for callers of at least this role.

    `limit` applies per organisation. `extra_errors` are the errors of this endpoint alone.
    """

    def admit(request: Request) -> Response:
        caller = missions_access.identify_caller(request.claims, wiring.partners.client)
        runtime.log_caller(caller.tenant)
        missions_access.require_supported_version(request.header("accept"))
        missions_access.require_role(role, caller)
        if limit:
            allowance = wiring.core.limit_rate(caller.tenant, limit)
            request.answer_headers.update(rate_headers(allowance))
        return answer(request, caller)

    def handle_error(error: Exception, request: Request) -> Response:
        return missions_errors.error_response(
            error, request, now=wiring.core.clock(), extra_errors=extra_errors
        )

    def all_needs() -> object:
        return wiring.partners, limit and wiring.core.limit_rate, needs()

    return runtime.endpoint(
        admit, on_error=handle_error, headers=missions_errors.HEADERS, needs=all_needs
    )
