"""WebSocket connections that are really open: what is posted to others is gone."""

import json
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Final
from urllib.parse import urlencode

from websockets.sync.client import connect

from jobs.tracking.adapters.connections import DynamoConnections
from jobs.tracking.resource import Resource, ResourceKind
from local.cloud.aws import create_session
from local.stack.local_stack import LocalStack

PATIENCE_S = 30
PATIENT: Final[Any] = {"open_timeout": PATIENCE_S, "ping_interval": None, "max_queue": None}
"""Nobody reads what these connections are sent: they must take it all the same."""


def post(stack: LocalStack, path: str, body: object, **headers: str) -> Any:
    """Ask the deployed API."""
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{stack.base_url}{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own address
        return json.load(answer)


def token(stack: LocalStack) -> str:
    """An access token of the demo organisation's program."""
    demo = stack.seeded["missions"]
    grant = {
        "grant_type": "client_credentials",
        "client_id": demo["clientId"],
        "client_secret": demo["clientSecret"],
    }
    headers = {"x-api-key": demo["apiKey"]}
    return str(post(stack, "/v3/auth/token", grant, **headers)["access_token"])


@contextmanager
def opened(stack: LocalStack, count: int) -> Iterator[Sequence[str]]:
    """Open connections to the deployed API, on the demo organisation's drones; give their ids."""
    group = stack.seeded["missions"]["deviceGroupId"]
    watched = Resource(tenant="demo", kind=ResourceKind.GROUP, id=group)
    others = _ids(stack, watched)  # that have been closed, and are not off the record yet
    query = urlencode({"token": token(stack), "resourceId": group})
    address = f"{stack.websocket_url}?{query}"
    with ExitStack() as all_of_them:
        for _ in range(count):  # one after the other: here, each function at work is a process
            socket = all_of_them.enter_context(connect(address, **PATIENT))
            socket.recv(timeout=PATIENCE_S)  # it has been greeted
        yield sorted(_ids(stack, watched) - others)


def _ids(stack: LocalStack, watched: Resource) -> set[str]:
    table = stack.outputs["MissionTableName"]
    with closing(
        create_session().client("dynamodb", endpoint_url=stack.aws_endpoint_url)
    ) as dynamodb:
        found = DynamoConnections(dynamodb, table, lambda: time.time_ns() // 1_000_000)
        return {each.id for each in found.watching(watched).connections}
