"""API Gateway's authorizer: find the tenant of an API key.

Documentation agents send a key as a bearer token, messaging clients in `X-API-Key`. Where a payment
may replace the key, API Gateway passes the whole request, and a request without a key is a payer's.
"""

from typing import Any

from jobs.auth.api_key import PAYERS
from jobs.auth.wiring import wiring
from jobs.docs import docs_job as docs
from jobs.docs.api import access as docs_access
from jobs.kit import lambda_handler as runtime
from jobs.messaging import message


def authorize_api_key(event: Any) -> Any:
    sent = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    token = event.get("authorizationToken", sent.get("x-api-key"))
    if event["type"] == "REQUEST" and token is None:
        return policy_response(event, PAYERS)
    bearer = docs_access.parse_bearer(token)
    opens = docs.KIND if bearer else message.KIND
    key = wiring.authenticate(bearer or token, opens=opens)
    return (
        policy_response(event, key.tenant, " ".join(sorted(key.scopes)))
        if key
        else policy_response(event)
    )


def policy_response(event: Any, tenant: str | None = None, scopes: str = "") -> Any:
    # API Gateway caches the policy by key, so it covers all paths.
    stage_arn = "/".join(event["methodArn"].split("/")[:2])
    effect = "Allow" if tenant else "Deny"
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": f"{stage_arn}/*"}
    return {
        "principalId": tenant or "nobody",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"tenant": tenant, "scopes": scopes} if tenant else {},
    }


lambda_handler = runtime.task(authorize_api_key)
