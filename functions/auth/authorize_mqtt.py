"""AWS IoT Core's custom authorizer: which topics may whoever has this password follow?

The password is an access token or a share's code; the user name does not matter.
"""

import base64
from typing import Any

from jobs import bootstrap, runtime, watch_bootstrap
from jobs.adapters import iot_policy
from jobs.dialects.missions_access import InvalidTokenError
from jobs.domain.errors import ShareNotFoundError


def authorize_mqtt(event: Any) -> Any:
    try:
        password = event["protocolData"]["mqtt"]["password"]
        grant = watch_bootstrap.grant_topics()(base64.b64decode(password, validate=True).decode())
    except (KeyError, ValueError, InvalidTokenError, ShareNotFoundError):
        return iot_policy.REFUSED
    return iot_policy.answer(grant, watch_bootstrap.iot_arn(), bootstrap.now())


lambda_handler = runtime.task(authorize_mqtt)
