"""One connection of HTTP/1.1 to an AWS service.

`http.client` would parse each answer's headers as those of an email, for half of a call's CPU time
and 10 ms of imports.
"""

import re
import select
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_MAX_HEAD: Final = 2**16
_CHUNK: Final = 2**16
_MAX_DIGITS: Final = 20
"""Of a length. `int` raises `ValueError` for thousands of them."""
_ROOTS: Final = Path(__file__).with_name("amazon_roots.pem")
_STATUS: Final = re.compile(r"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: .*)?")


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """Every method raises `OSError`, of which `TimeoutError` is one. Then the connection is closed.

    `usable` is whether the connection can take another request.
    """

    def __init__(self, url: str, *, connect_s: float, read_s: float) -> None:
        parts = urlsplit(url)
        host, tls = str(parts.hostname), parts.scheme == "https"
        self.sock = socket.create_connection((host, parts.port or (443 if tls else 80)), connect_s)
        self.usable = True
        try:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                self.sock = _tls_context().wrap_socket(self.sock, server_hostname=host)
        except OSError:
            self.sock.close()
            raise
        self.sock.settimeout(read_s)

    def close(self) -> None:
        self.usable = False
        self.sock.close()

    def is_open(self) -> bool:
        """Return whether the server has neither closed the connection nor sent anything.

        What TLS sends by itself does not count, such as the tickets after a handshake.
        """
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        if not poll.poll(0):
            return True
        timeout = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            self.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            self.sock.settimeout(timeout)
            return True
        except OSError:
            return False
        return False

    def exchange(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        head = f"{method} {path} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n"
        try:
            self.sock.sendall(head.encode("latin-1") + body)
            return self._receive()
        except OSError:
            self.close()
            raise

    def _receive(self) -> Answer:
        received = bytearray()
        version, status, headers = self._take_head(received)
        while status < HTTPStatus.OK:  # informational
            version, status, headers = self._take_head(received)
        self.usable = version == "1" and headers.get("connection", "").lower() != "close"
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._take_chunks(received)
        elif "content-length" in headers:
            body = self._take(received, _parse_length(headers["content-length"], 10))
        elif status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            body = b""
        else:
            body = self._take_rest(received)
        self.usable = self.usable and not received  # what else was sent belongs to no request
        return Answer(status, headers, body)

    def _take_head(self, received: bytearray) -> tuple[str, int, Mapping[str, str]]:
        """Return the minor version, the status and the headers."""
        first, *lines = self._take_line(received, b"\r\n\r\n").split("\r\n")
        match = _STATUS.fullmatch(first)
        if not match:
            raise ConnectionError("the answer is not of HTTP/1")
        pairs = (line.partition(":") for line in lines)
        return match[1], int(match[2]), {name.lower(): value.strip() for name, _, value in pairs}

    def _take_chunks(self, received: bytearray) -> bytes:
        body = bytearray()
        while size := _parse_length(self._take_line(received).split(";")[0].strip(), 16):
            body += self._take(received, size)
            self._take(received, 2)  # a line's end
        while self._take_line(received):
            """Skip the trailer."""
        return bytes(body)

    def _take_line(self, received: bytearray, end: bytes = b"\r\n") -> str:
        """Return the text until `end`."""
        while (length := received.find(end)) < 0:
            if len(received) > _MAX_HEAD:
                raise ConnectionError("the answer's head is too long")
            self._read(received)
        return self._take(received, length + len(end))[:length].decode("latin-1")

    def _take(self, received: bytearray, size: int) -> bytes:
        while len(received) < size:
            self._read(received)
        taken = bytes(received[:size])
        del received[:size]
        return taken

    def _take_rest(self, received: bytearray) -> bytes:
        """Return what comes until the server closes the connection."""
        self.usable = False
        while chunk := self.sock.recv(_CHUNK):
            received += chunk
        return self._take(received, len(received))

    def _read(self, received: bytearray) -> None:
        chunk = self.sock.recv(_CHUNK)
        if not chunk:
            raise ConnectionError("the server closed the connection before its answer's end")
        received += chunk


def _parse_length(text: str, base: int) -> int:
    if not 0 < len(text) <= _MAX_DIGITS or text.lower().strip("0123456789abcdef"[:base]):
        raise ConnectionError("the answer's length is not a number")
    return int(text, base)


@cache
def _tls_context() -> ssl.SSLContext:
    """Return a context with Amazon's own roots: to load all roots takes 20 ms."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(_ROOTS)
    return context
