"""API Gateway's authorizer: find the tenant of an API key.

Documentation agents and workers send a key as a bearer token, whose prefix says which API it opens;
messaging clients send theirs in `X-API-Key`. Where a payment
may replace the key, API Gateway passes the whole request, and a request without a key is a payer's.
No pattern has checked that request's header: only a messaging key counts there.
"""

from collections.abc import Mapping
from typing import Any

from jobs.auth.api_key import PAYERS, WORKERS_API, ApiKey
from jobs.auth.wiring import wiring
from jobs.docs import docs_job as docs
from jobs.docs.api import access as docs_access
from jobs.kit import lambda_handler as runtime
from jobs.messaging import message


def authorize_api_key(event: Any) -> Any:
    if event["type"] == "REQUEST":
        sent = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        if "x-api-key" not in sent:
            return policy_response(event, {"tenant": PAYERS, "scopes": ""})
        key = wiring.authenticate(sent["x-api-key"], opens=message.KIND)
    elif bearer := docs_access.parse_bearer(event["authorizationToken"]):
        opens = WORKERS_API if bearer.startswith("worker_") else docs.KIND
        key = wiring.authenticate(bearer, opens=opens)
    else:
        key = wiring.authenticate(event["authorizationToken"], opens=message.KIND)
    return policy_response(event, caller_of(key) if key else None)


def caller_of(key: ApiKey) -> Mapping[str, str]:
    """Return what each request of the key carries."""
    return {"tenant": key.tenant, "keyId": key.id, "scopes": " ".join(sorted(key.scopes))}


def policy_response(event: Any, caller: Mapping[str, str] | None) -> Any:
    # API Gateway caches the policy by key, so it covers all paths.
    stage_arn = "/".join(event["methodArn"].split("/")[:2])
    effect = "Allow" if caller else "Deny"
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": f"{stage_arn}/*"}
    return {
        "principalId": caller["tenant"] if caller else "nobody",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": caller or {},
    }


lambda_handler = runtime.task(authorize_api_key, needs=lambda: wiring.authenticate)
