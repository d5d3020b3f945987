"""API Gateway's authorizer: whose API key is this?"""

from typing import Any

from jobs import bootstrap, runtime


def authorize_api_key(event: Any) -> Any:
    tenant = bootstrap.authenticate()(event["authorizationToken"])
    if tenant is None:
        raise Exception("Unauthorized")  # noqa: TRY002 - the very words that make API Gateway answer 401
    # The answer is cached for the key, so it must hold for all that the key opens.
    stage_arn = "/".join(event["methodArn"].split("/")[:2])
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{stage_arn}/*"}
    return {
        "principalId": tenant,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"tenant": tenant},
    }


lambda_handler = runtime.task(authorize_api_key)
