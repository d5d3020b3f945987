"""AWS IoT Core's custom authorizer: grants a client its topics.

The password is an access token or a share's code; the user name is ignored.
"""

import base64
from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.missions.api.access import InvalidTokenError
from jobs.tracking.adapters import iot_policy
from jobs.tracking.errors import ShareNotFoundError
from jobs.tracking.wiring import wiring


def authorize_mqtt(event: Any) -> Any:
    try:
        password = event["protocolData"]["mqtt"]["password"]
        grant = wiring.grant_topics(base64.b64decode(password, validate=True).decode())
    except (KeyError, ValueError, InvalidTokenError, ShareNotFoundError):
        return iot_policy.DENIED
    return iot_policy.policy_response(grant, wiring.iot_arn, wiring.core.clock())


lambda_handler = runtime.task(
    authorize_mqtt,
    needs=lambda: (wiring.token_verifier, wiring.missions.partners, wiring.grant_topics),
)
