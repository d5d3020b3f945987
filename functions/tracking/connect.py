"""WebSocket $connect: put the connection on record, if its share has room for one more viewer."""

from http import HTTPStatus
from typing import Any

from jobs import runtime, watch_bootstrap
from jobs.dialects import missions_sockets
from jobs.domain.errors import ShareFullError, ShareNotFoundError, UnavailableError


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
