"""API Gateway's authorizer: whose API key is this?"""

from typing import Any

from jobs import bootstrap, runtime
from jobs.dialects import messaging


def authorize_api_key(event: Any) -> Any:
    key = bootstrap.authenticate()(event["authorizationToken"], opens=messaging.NAME)
    # The answer is cached for the key, so it must hold for all that the key opens.
    stage_arn = "/".join(event["methodArn"].split("/")[:2])
    statement = {
        "Effect": "Allow" if key else "Deny",
        "Action": "execute-api:Invoke",
        "Resource": f"{stage_arn}/*",
    }
    return {
        "principalId": key.tenant if key else "nobody",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"tenant": key.tenant} if key else {},
    }


lambda_handler = runtime.task(authorize_api_key)
