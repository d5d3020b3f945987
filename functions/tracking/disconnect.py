"""WebSocket $disconnect: take the connection off the record, and give back its place."""

from http import HTTPStatus
from typing import Any

from jobs import runtime, watch_bootstrap
from jobs.dialects import missions_sockets


def disconnect(event: Any) -> Any:
    watch_bootstrap.connections().remove(missions_sockets.connection_in(event))
    return {"statusCode": HTTPStatus.OK}


lambda_handler = runtime.task(disconnect)
