"""Give API Gateway the role that it writes logs with: one for each account and region.

A stack whose APIs have access logs cannot be created without it. It is not part of the stack,
because all stacks of the account share it, and deleting one would end the logs of the others.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import boto3

ROLE: Final = "api-gateway-logs"
POLICY: Final = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
PAUSES_S: Final = (5.0,) * 12
"""Between attempts: API Gateway can assume a new role only after some seconds."""


def set_api_log_role(session: "boto3.Session") -> str | None:
    """Set the account's role for API Gateway's logs, unless it has one; return the new role's ARN.

    Raises:
        ClientError: The caller lacks a permission, or API Gateway cannot assume the role.

    """
    gateway = session.client("apigateway")
    if gateway.get_account().get("cloudwatchRoleArn"):
        return None
    arn = create_role(session.client("iam"), session.get_partition_for_region(session.region_name))
    for pause in (*PAUSES_S, None):
        try:
            gateway.update_account(
                patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}]
            )
            break
        except gateway.exceptions.BadRequestException:
            if pause is None:
                raise
            time.sleep(pause)
    return arn


def create_role(iam: Any, partition: str) -> str:
    """Create the role, which another region may have done already; return its ARN."""
    trusted = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(
            RoleName=ROLE,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trusted]}),
            Description="API Gateway writes logs with it, in all regions",
        )
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=f"arn:{partition}:iam::aws:policy/{POLICY}")
    return str(iam.get_role(RoleName=ROLE)["Role"]["Arn"])
