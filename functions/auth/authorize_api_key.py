"""API Gateway's authorizer: whose API key is this?

Keys of documentation agents come as bearer tokens, those of messaging as they are.
"""

from typing import Any

from jobs import bootstrap, runtime
from jobs.dialects import docs_access, messaging
from jobs.domain import docs


def authorize_api_key(event: Any) -> Any:
    token = event["authorizationToken"]
    bearer = docs_access.bearer_in(token)
    opens = docs.DIALECT if bearer else messaging.NAME
    key = bootstrap.authenticate()(bearer or token, opens=opens)
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
        "context": {"tenant": key.tenant, "scopes": " ".join(sorted(key.scopes))} if key else {},
    }


lambda_handler = runtime.task(authorize_api_key)
