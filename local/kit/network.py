"""The little HTTP that starting a stack needs."""

import http.client
import socket
import urllib.parse
from contextlib import closing

BAD_GATEWAY = 502


def answers(url: str) -> bool:
    """Whether something is there, whatever it says, except for a gateway before an empty house."""
    try:
        status, _ = get(url)
    except (OSError, http.client.HTTPException):
        return False
    return status != BAD_GATEWAY


def get(url: str) -> tuple[int, bytes]:
    parts = urllib.parse.urlsplit(url)
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)) as there:
        there.request("GET", parts.path or "/")
        answer = there.getresponse()
        return answer.status, answer.read()


def bound(port: int) -> socket.socket:
    """Reserve a port (0: any one); nobody can connect to it until somebody listens."""
    door = socket.socket()
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", port))
    except OSError:
        door.close()
        raise
    return door


def free_port() -> int:
    with bound(0) as door:
        return int(door.getsockname()[1])
