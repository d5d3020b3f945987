"""WebSocket $connect: store the connection, unless its share has its maximum number of viewers."""

from http import HTTPStatus
from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.kit.errors import UnavailableError
from jobs.tracking.api import sockets as missions_sockets
from jobs.tracking.errors import ShareNotFoundError, TooManyWatchersError
from jobs.tracking.wiring import wiring


def connect(event: Any) -> Any:
    try:
        wiring.connections.add(missions_sockets.parse_connection(event))
    except TooManyWatchersError:
        return {"statusCode": HTTPStatus.TOO_MANY_REQUESTS}
    except ShareNotFoundError:  # revoked after the authorizer had read it
        return {"statusCode": HTTPStatus.FORBIDDEN}
    except UnavailableError:
        return {"statusCode": HTTPStatus.SERVICE_UNAVAILABLE}
    return {"statusCode": HTTPStatus.OK}


lambda_handler = runtime.task(connect, needs=lambda: wiring.connections)
