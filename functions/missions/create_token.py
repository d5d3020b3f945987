"""POST /v3/auth/token: OAuth 2.0 client credentials for an access token."""

from jobs.core import wiring as bootstrap
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.missions import wiring as mission_bootstrap
from jobs.missions.api import errors as missions_errors
from jobs.missions.api import token as missions_token
from jobs.missions.api.token import AccessDeniedError, Credentials


def create_token(request: Request) -> Response:
    key = bootstrap.authenticate()(request.header("x-api-key") or "", opens="missions")
    if key is None:
        raise AccessDeniedError
    allowance = mission_bootstrap.limit_rate()(key.id, missions_token.LIMIT)
    request.answer_headers.update(missions_errors.rate_headers(allowance))
    credentials = Credentials.of(request.json())
    return missions_token.issued(mission_bootstrap.issue_token()(key.tenant, *credentials))


def refuse(error: Exception, request: Request) -> Response:
    return missions_token.refuse(error, request, now=bootstrap.now())


lambda_handler = runtime.endpoint(create_token, refuse=refuse, headers=missions_errors.HEADERS)
