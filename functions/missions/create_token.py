"""POST /v3/auth/token: exchange OAuth 2.0 client credentials for an access token."""

from jobs.auth.wiring import wiring as auth
from jobs.core.rate_headers import rate_headers
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response
from jobs.missions.api import errors as missions_errors
from jobs.missions.api import token as missions_token
from jobs.missions.api.token import AccessDeniedError, Credentials
from jobs.missions.wiring import wiring


def create_token(request: Request) -> Response:
    key = auth.authenticate(request.header("x-api-key") or "", opens="missions")
    if key is None:
        raise AccessDeniedError
    allowance = wiring.core.limit_rate(key.id, missions_token.LIMIT)
    request.answer_headers.update(rate_headers(allowance))
    credentials = Credentials.parse(request.json())
    return missions_token.token_response(wiring.issue_token(key.tenant, *credentials))


def handle_error(error: Exception, request: Request) -> Response:
    return missions_token.error_response(error, request, now=wiring.core.clock())


lambda_handler = runtime.endpoint(
    create_token,
    on_error=handle_error,
    headers=missions_errors.HEADERS,
    needs=lambda: (auth.authenticate, wiring.core.limit_rate, wiring.issue_token),
)
