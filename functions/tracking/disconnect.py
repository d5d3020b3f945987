"""WebSocket $disconnect: remove the connection, and stop counting it as a viewer."""

from http import HTTPStatus
from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.tracking.api import sockets as missions_sockets
from jobs.tracking.wiring import wiring


def disconnect(event: Any) -> Any:
    wiring.connections.remove(missions_sockets.parse_connection(event))
    return {"statusCode": HTTPStatus.OK}


lambda_handler = runtime.task(disconnect, needs=lambda: wiring.connections)
