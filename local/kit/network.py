"""Ports of this machine, and plain HTTP requests to them, past any proxy of the developer's."""

import http.client
import socket
import urllib.parse
from collections.abc import Mapping
from contextlib import closing

REQUEST_TIMEOUT_S = 5
BAD_GATEWAY = 502


def is_responding(url: str) -> bool:
    """Whether a server answers with any status but 502, which a gateway sends for its upstream."""
    try:
        status, _ = get(url)
    except (OSError, http.client.HTTPException):
        return False
    return status != BAD_GATEWAY


def get(url: str) -> tuple[int, bytes]:
    """Return the status and the body."""
    return request("GET", url)


def request(
    method: str,
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = REQUEST_TIMEOUT_S,
) -> tuple[int, bytes]:
    """Send a request, and return the status and the body."""
    parts = urllib.parse.urlsplit(url)
    with closing(
        http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    ) as connection:
        connection.request(method, parts.path or "/", body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()


def bind_port(port: int) -> socket.socket:
    """Reserve a port of the loopback interface, or any free one for 0.

    Connections are refused until the socket listens.
    """
    bound = socket.socket()
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise
    return bound


def find_free_port() -> int:
    with bind_port(0) as bound:
        return int(bound.getsockname()[1])
