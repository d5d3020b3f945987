"""The WebSocket API's authorizer, by an access token or a share's code."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.missions.api.access import InvalidTokenError
from jobs.tracking.api import sockets as missions_sockets
from jobs.tracking.errors import ResourceNotFoundError, ShareNotFoundError
from jobs.tracking.wiring import wiring


def authorize_socket(event: Any) -> Any:
    query, connection_id = event["queryStringParameters"], event["requestContext"]["connectionId"]
    authorize = wiring.authorize_connection
    try:
        connection = authorize(connection_id, query["token"], query["resourceId"])
    except (InvalidTokenError, ResourceNotFoundError, ShareNotFoundError):
        return policy_response("Deny", event["methodArn"], {})
    return policy_response("Allow", event["methodArn"], missions_sockets.to_context(connection))


def policy_response(effect: str, arn: str, context: dict[str, str]) -> Any:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": arn}
    return {
        "principalId": context.get("tenant", "nobody"),
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }


lambda_handler = runtime.task(
    authorize_socket,
    needs=lambda: (wiring.token_verifier, wiring.missions.partners, wiring.authorize_connection),
)
