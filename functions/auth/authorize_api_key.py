"""API Gateway's authorizer: whose API key is this?

Keys of documentation agents come as bearer tokens, those of messaging as they are. Where a payment
will do instead of a key, the whole request is asked about, and one without any key is a payer's.
"""

from typing import Any

from jobs.auth.wiring import wiring
from jobs.docs import docs_job as docs
from jobs.docs.api import access as docs_access
from jobs.kit import lambda_handler as runtime
from jobs.messaging import message
from jobs.payments.payment import PAYERS


def authorize_api_key(event: Any) -> Any:
    sent = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    token = event.get("authorizationToken", sent.get("x-api-key"))
    if event["type"] == "REQUEST" and token is None:
        return answer(event, PAYERS)
    bearer = docs_access.parse_bearer(token)
    opens = docs.KIND if bearer else message.KIND
    key = wiring.authenticate(bearer or token, opens=opens)
    return answer(event, key.tenant, " ".join(sorted(key.scopes))) if key else answer(event)


def answer(event: Any, tenant: str | None = None, scopes: str = "") -> Any:
    # It is cached for the key, so it must hold for all that the key opens.
    stage_arn = "/".join(event["methodArn"].split("/")[:2])
    effect = "Allow" if tenant else "Deny"
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": f"{stage_arn}/*"}
    return {
        "principalId": tenant or "nobody",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"tenant": tenant, "scopes": scopes} if tenant else {},
    }


lambda_handler = runtime.task(authorize_api_key)
