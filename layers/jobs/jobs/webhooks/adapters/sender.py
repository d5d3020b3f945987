"""POST to addresses that callers choose, and reach nothing by it that they could not reach.

The name is resolved once, every address that it has is checked, and the connection goes to one of
those, with the name in `Host` and in TLS: a name that leads elsewhere a moment later leads nowhere.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer
from typing import Final, Protocol
from urllib.parse import SplitResult

from jobs.core.webhook import WebhookRefusedError
from jobs.core.webhook_url import may_reach, parts_of, port_of
from jobs.webhooks.errors import NotDeliveredError
from jobs.webhooks.webhook import Failure

PATIENCE_S: Final = 10.0
_USER_AGENT: Final = "Sortie-Webhooks/1"


class Resolve(Protocol):
    def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return all addresses of a host, or raise `OSError`."""


class Connect(Protocol):
    def __call__(self, address: tuple[str, int], timeout: float) -> socket.socket: ...


def resolved(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class WebhookSender:
    """With `loopback`, this machine may be reached too, and without encryption."""

    def __init__(
        self,
        *,
        loopback: bool,
        patience: float = PATIENCE_S,
        resolve: Resolve = resolved,
        connect: Connect = socket.create_connection,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._tls = cache(tls)
        self._loopback = loopback
        self._patience = patience
        self._resolve = resolve
        self._connect = connect

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            parts = parts_of(url, loopback=self._loopback)
        except WebhookRefusedError as error:
            raise NotDeliveredError("address_refused") from error
        ends = time.monotonic() + self._patience
        addresses = self._checked(parts)
        with _failures(ends), closing(self._reached(parts, addresses, ends)) as reached:
            connection = self._connection(parts)
            connection.sock = reached
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            with _given_up(reached, ends):
                connection.request("POST", target, body, {"User-Agent": _USER_AGENT, **headers})
                # No more than its head is read; a redirect is an answer like any other.
                with closing(connection.getresponse()) as answer:
                    _left(ends)  # a head that was cut short looks like a whole one
                    return answer.status

    def _checked(self, parts: SplitResult) -> Sequence[str]:
        try:
            found = self._resolve(parts.hostname or "", port_of(parts))
        except (OSError, UnicodeError) as error:
            raise NotDeliveredError("dns") from error
        if not found or not all(may_reach(each, loopback=self._loopback) for each in found):
            raise NotDeliveredError("address_refused")
        return found

    def _reached(self, parts: SplitResult, addresses: Sequence[str], ends: float) -> socket.socket:
        """Connect to the first address that answers."""
        *others, last = addresses
        for tried, address in enumerate(others):
            with suppress(OSError):
                return self._secured(parts, address, ends, share=1 / (len(addresses) - tried))
        return self._secured(parts, last, ends)

    def _secured(
        self, parts: SplitResult, address: str, ends: float, *, share: float = 1
    ) -> socket.socket:
        plain = self._connect((address, port_of(parts)), _left(ends) * share)
        try:
            plain.settimeout(_left(ends))
            if parts.scheme == "http":
                return plain
            return self._tls().wrap_socket(plain, server_hostname=parts.hostname)
        except BaseException:
            plain.close()
            raise

    def _connection(self, parts: SplitResult) -> HTTPConnection:
        host, port = parts.hostname or "", port_of(parts)
        if parts.scheme == "http":
            return HTTPConnection(host, port)
        return HTTPSConnection(host, port, context=self._tls())


@contextmanager
def _given_up(reached: socket.socket, ends: float) -> Iterator[None]:
    """Cut the line in time: who says a little now and then never keeps a socket waiting long."""
    cut = Timer(_left(ends), _cut, [reached])
    cut.daemon = True
    cut.start()
    try:
        yield
    finally:
        cut.cancel()


def _cut(reached: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        socket.socket.shutdown(reached, socket.SHUT_RDWR)


@contextmanager
def _failures(ends: float) -> Iterator[None]:
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        raise NotDeliveredError(_kind(error, late=time.monotonic() >= ends)) from error


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _kind(error: Exception, *, late: bool) -> Failure:
    if late or isinstance(error, TimeoutError):
        return "timeout"
    match error:
        case ssl.SSLError():
            return "tls"
        case OSError():  # one of them is an HTTPException too
            return "connection"
        case _:
            return "protocol"
