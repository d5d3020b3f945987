"""The admin API's authorizer: find an operator's key.

Its policy covers the paths of the admin API only. No other key opens them, and this key opens no
other API: the key itself says which API it opens.
"""

from typing import Any

from jobs.auth.api_key import ADMIN_API
from jobs.auth.wiring import wiring
from jobs.kit import lambda_handler as runtime


def authorize_admin_key(event: Any) -> Any:
    key = wiring.authenticate(event["authorizationToken"], opens=ADMIN_API)
    stage_arn = "/".join(event["methodArn"].split("/")[:2])
    statement = {
        "Effect": "Allow" if key else "Deny",
        "Action": "execute-api:Invoke",
        "Resource": f"{stage_arn}/*/admin/*",  # API Gateway caches the policy by key
    }
    return {
        "principalId": key.id if key else "nobody",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"keyId": key.id, "keyName": key.name, "scopes": " ".join(sorted(key.scopes))}
        if key
        else {},
    }


lambda_handler = runtime.task(authorize_admin_key, needs=lambda: wiring.authenticate)
