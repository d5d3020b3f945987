"""API Gateway's authorizer: whose API key is this?"""

from typing import Any

from jobs import bootstrap, runtime


def authorize_api_key(event: Any) -> Any:
    tenant = bootstrap.authenticate()(event["authorizationToken"])
    # The answer is cached for the key, so it must hold for all that the key opens.
    stage_arn = "/".join(event["methodArn"].split("/")[:2])
    statement = {
        "Effect": "Allow" if tenant else "Deny",
        "Action": "execute-api:Invoke",
        "Resource": f"{stage_arn}/*",
    }
    return {
        "principalId": tenant or "nobody",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"tenant": tenant} if tenant else {},
    }


lambda_handler = runtime.task(authorize_api_key)
