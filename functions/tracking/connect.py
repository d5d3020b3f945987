"""WebSocket $connect: put the connection on record, if its share has room for one more viewer."""

from http import HTTPStatus
from typing import Any

from jobs.core.errors import ShareFullError, ShareNotFoundError, UnavailableError
from jobs.kit import lambda_handler as runtime
from jobs.tracking import wiring as watch_bootstrap
from jobs.tracking.api import sockets as missions_sockets


def connect(event: Any) -> Any:
    try:
        watch_bootstrap.connections().add(missions_sockets.connection_in(event))
    except ShareFullError:
        return {"statusCode": HTTPStatus.TOO_MANY_REQUESTS}
    except ShareNotFoundError:  # revoked since the authorizer looked
        return {"statusCode": HTTPStatus.FORBIDDEN}
    except UnavailableError:
        return {"statusCode": HTTPStatus.SERVICE_UNAVAILABLE}
    return {"statusCode": HTTPStatus.OK}


lambda_handler = runtime.task(connect)
