"""AWS IoT Core's custom authorizer: which topics may whoever has this password follow?

The password is an access token or a share's code; the user name does not matter.
"""

import base64
from typing import Any

from jobs.core import wiring as bootstrap
from jobs.core.errors import ShareNotFoundError
from jobs.kit import lambda_handler as runtime
from jobs.missions.api.access import InvalidTokenError
from jobs.tracking import wiring as watch_bootstrap
from jobs.tracking.adapters import iot_policy


def authorize_mqtt(event: Any) -> Any:
    try:
        password = event["protocolData"]["mqtt"]["password"]
        grant = watch_bootstrap.grant_topics()(base64.b64decode(password, validate=True).decode())
    except (KeyError, ValueError, InvalidTokenError, ShareNotFoundError):
        return iot_policy.REFUSED
    return iot_policy.answer(grant, watch_bootstrap.iot_arn(), bootstrap.now())


lambda_handler = runtime.task(authorize_mqtt)
