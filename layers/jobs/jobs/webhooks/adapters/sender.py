"""Send webhooks to URLs that callers choose, without server-side request forgery.

The sender resolves the host once, checks all its addresses and connects to one of these. It
uses the name for `Host` and TLS only, so that DNS rebinding has no effect.
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
from jobs.kit.outbound.final_response import FinalResponse
from jobs.webhooks.errors import NotDeliveredError
from jobs.webhooks.webhook import Failure

DEFAULT_TIMEOUT_S: Final = 10.0
_USER_AGENT: Final = "Sortie-Webhooks/1"


class Resolve(Protocol):
    def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return all addresses of a host, or raise `OSError`."""


class Connect(Protocol):
    def __call__(self, address: tuple[str, int], timeout: float) -> socket.socket: ...


def resolve_host(host: str, port: int) -> Sequence[str]:
    results = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in results]


class WebhookSender:
    """Sends webhooks. With `loopback`, it also allows loopback addresses and plain HTTP."""

    def __init__(
        self,
        *,
        loopback: bool,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        resolve: Resolve = resolve_host,
        connect: Connect = socket.create_connection,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._tls = cache(tls)
        self._loopback = loopback
        self._timeout_s = timeout_s
        self._resolve = resolve
        self._connect = connect

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            parts = parts_of(url, loopback=self._loopback)
        except WebhookRefusedError as error:
            raise NotDeliveredError("address_refused") from error
        deadline = time.monotonic() + self._timeout_s
        addresses = self._resolve_allowed(parts)
        with (
            _as_not_delivered(deadline),
            closing(self._connect_first(parts, addresses, deadline)) as connected,
        ):
            connection = self._http_connection(parts)
            connection.sock = connected
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            with _shut_down_at(deadline, connected):
                connection.request("POST", target, body, {"User-Agent": _USER_AGENT, **headers})
                # Reads the response's head only, and does not follow redirects.
                with closing(connection.getresponse()) as response:
                    _remaining_s(deadline)  # http.client accepts a head that a shutdown cut short
                    return response.status

    def _resolve_allowed(self, parts: SplitResult) -> Sequence[str]:
        try:
            addresses = self._resolve(parts.hostname or "", port_of(parts))
        except (OSError, UnicodeError) as error:
            raise NotDeliveredError("dns") from error
        allowed = all(may_reach(address, loopback=self._loopback) for address in addresses)
        if not addresses or not allowed:
            raise NotDeliveredError("address_refused")
        return addresses

    def _connect_first(
        self, parts: SplitResult, addresses: Sequence[str], deadline: float
    ) -> socket.socket:
        """Connect to the first address that accepts the connection."""
        *others, last = addresses
        for attempts, address in enumerate(others):
            with suppress(OSError):
                return self._connect_to(
                    parts, address, deadline, share=1 / (len(addresses) - attempts)
                )
        return self._connect_to(parts, last, deadline)

    def _connect_to(
        self, parts: SplitResult, address: str, deadline: float, *, share: float = 1
    ) -> socket.socket:
        """Connect within a share of the remaining time, with TLS if the URL is HTTPS."""
        plain = self._connect((address, port_of(parts)), _remaining_s(deadline) * share)
        try:
            plain.settimeout(_remaining_s(deadline))
            if parts.scheme == "http":
                return plain
            return self._tls().wrap_socket(plain, server_hostname=parts.hostname)
        except BaseException:
            plain.close()
            raise

    def _http_connection(self, parts: SplitResult) -> HTTPConnection:
        host, port = parts.hostname or "", port_of(parts)
        connection = (
            HTTPConnection(host, port)
            if parts.scheme == "http"
            else HTTPSConnection(host, port, context=self._tls())
        )
        connection.response_class = FinalResponse
        return connection


@contextmanager
def _shut_down_at(deadline: float, connected: socket.socket) -> Iterator[None]:
    """Shut the socket down at the deadline: its own timeout restarts with each received byte."""
    timer = Timer(_remaining_s(deadline), _shut_down, [connected])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut_down(connected: socket.socket) -> None:
    with suppress(OSError):  # already closed
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


@contextmanager
def _as_not_delivered(deadline: float) -> Iterator[None]:
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        raise NotDeliveredError(_to_failure(error, late=time.monotonic() >= deadline)) from error


def _remaining_s(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining


def _to_failure(error: Exception, *, late: bool) -> Failure:
    if late or isinstance(error, TimeoutError):
        return "timeout"
    match error:
        case ssl.SSLError():
            return "tls"
        case OSError():  # before HTTPException: RemoteDisconnected is both
            return "connection"
        case _:
            return "protocol"
