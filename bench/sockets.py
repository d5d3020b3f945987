"""Open real WebSocket connections: a post to any other connection fails."""

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

TIMEOUT_S = 30
CONNECT_OPTIONS: Final[Any] = {"open_timeout": TIMEOUT_S, "ping_interval": None, "max_queue": None}
"""The connections accept all messages, although nothing reads them."""


def post_json(stack: LocalStack, path: str, body: object, **headers: str) -> Any:
    """Send a request to the deployed API."""
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{stack.base_url}{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310 - our own address
        return json.load(response)


def fetch_token(stack: LocalStack) -> str:
    """Fetch an access token of the demo organisation's program."""
    demo = stack.seeded["missions"]
    grant = {
        "grant_type": "client_credentials",
        "client_id": demo["clientId"],
        "client_secret": demo["clientSecret"],
    }
    headers = {"x-api-key": demo["apiKey"]}
    return str(post_json(stack, "/v3/auth/token", grant, **headers)["access_token"])


@contextmanager
def open_sockets(stack: LocalStack, count: int) -> Iterator[Sequence[str]]:
    """Open connections to the deployed API, for the demo organisation's drones; yield their ids."""
    group = stack.seeded["missions"]["deviceGroupId"]
    watched = Resource(tenant="demo", kind=ResourceKind.GROUP, id=group)
    others = _ids(stack, watched)  # closed connections that are still recorded
    query = urlencode({"token": fetch_token(stack), "resourceId": group})
    address = f"{stack.websocket_url}?{query}"
    with ExitStack() as cleanup:
        for _ in range(count):  # in turn, as each concurrent invocation is a process here
            socket = cleanup.enter_context(connect(address, **CONNECT_OPTIONS))
            socket.recv(timeout=TIMEOUT_S)  # the current state
        yield sorted(_ids(stack, watched) - others)


def _ids(stack: LocalStack, watched: Resource) -> set[str]:
    table = stack.outputs["MissionTableName"]
    with closing(
        create_session().client("dynamodb", endpoint_url=stack.aws_endpoint_url)
    ) as dynamodb:
        found = DynamoConnections(dynamodb, table, lambda: time.time_ns() // 1_000_000)
        return {each.id for each in found.find_watchers(watched).connections}
