"""What every endpoint of the missions API has in common: who may call it, and how often."""

from collections.abc import Callable

from jobs.core import wiring as bootstrap
from jobs.core.rate_limit import Limit
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.missions import wiring as mission_bootstrap
from jobs.missions.api import access as missions_access
from jobs.missions.api import errors as missions_errors
from jobs.missions.partner import Caller, Role


def missions_endpoint(
    answer: Callable[[Request, Caller], Response],
    *,
    role: Role,
    limit: Limit | None = None,
    too_late: missions_errors.Words | None = None,
) -> runtime.LambdaHandler:
    """Make a Lambda handler of an endpoint, for callers of this role or a higher one.

    `limit` is the organisation's. `too_late` words the refusal of jobs that have started or ended.
    """

    def admit(request: Request) -> Response:
        caller = missions_access.caller(request.claims, bootstrap.registry().client)
        runtime.log_caller(caller.tenant)
        missions_access.demand_our_version(request.header("accept"))
        missions_access.demand(role, caller)
        if limit:
            allowance = mission_bootstrap.limit_rate()(caller.tenant, limit)
            request.answer_headers.update(missions_errors.rate_headers(allowance))
        return answer(request, caller)

    def refuse(error: Exception, request: Request) -> Response:
        return missions_errors.refuse(error, request, now=bootstrap.now(), too_late=too_late)

    return runtime.endpoint(admit, refuse=refuse, headers=missions_errors.HEADERS)
