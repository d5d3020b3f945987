"""One connection of HTTP/1.1, against a server that says anything."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Thread

import pytest

from jobs.kit.aws import connection as connections
from jobs.kit.aws.connection import Connection

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@contextmanager
def answering(*answers: bytes, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve one connection: an answer to each request. Then close it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            with suppress(OSError), tls.wrap_socket(peer, server_side=True) if tls else peer as at:
                for each in answers:
                    at.recv(65536)
                    at.sendall(each)

        thread = Thread(target=serve)
        thread.start()
        scheme, host = ("https", "localhost") if tls else ("http", "127.0.0.1")
        yield f"{scheme}://{host}:{listener.getsockname()[1]}"
        thread.join()


def connect(url: str) -> closing[Connection]:
    return closing(Connection(url, connect_s=5, read_s=5))


def ask(connection: Connection) -> bytes:
    return connection.exchange("POST", "/", {"host": "x"}, b"{}").body


@pytest.mark.parametrize(("sent", "body"), [
    (b"HTTP/1.1 200 OK\r\nContent-Length:2 \r\n\r\n{}", b"{}"),
    (b"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", b""),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\na: b\r\n\r\n" + OK, b"{}"),
    (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    (CHUNKED + b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\ntrailer: x\r\n\r\n", b"abc0123456789"),
    (b"HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n" + b"x" * 200_000, b"x" * 200_000),
], ids=["length", "empty", "informational", "no content", "chunks", "large"])  # fmt: skip
def test_answer_is_read_and_connection_stays(sent, body) -> None:
    with answering(sent, OK) as url, connect(url) as connection:
        assert ask(connection) == body
        assert connection.usable
        assert connection.is_open()
        assert ask(connection) == b"{}"


@pytest.mark.parametrize(("sent", "body"), [
    (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
    (b"HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 2\r\n\r\n{}", b"{}"),
    (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}", b"{}"),
    (OK + b"HTTP/1.1 200 OK\r\n", b"{}"),
], ids=["no length", "closed", "HTTP/1.0", "more than asked for"])  # fmt: skip
def test_answer_that_ends_the_connection_is_read(sent, body) -> None:
    with answering(sent) as url, connect(url) as connection:
        assert ask(connection) == body
        assert not connection.usable


@pytest.mark.parametrize("sent", [
    b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
    b"HTTP/2 200\r\n\r\n", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 2000\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: " + b"9" * 5000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: \r\n\r\n", CHUNKED + b"xyz\r\n\r\n", CHUNKED + b"5\r\nabc",
    b"HTTP/1.1 200 OK\r\na: " + b"x" * 200_000,
])  # fmt: skip
def test_broken_answer_is_an_error_that_closes(sent) -> None:
    with answering(sent) as url, connect(url) as connection:
        with pytest.raises(ConnectionError):
            ask(connection)
        assert not connection.usable


def test_silence_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with closing(Connection(url, connect_s=5, read_s=0.01)) as connection:
            with pytest.raises(TimeoutError):
                ask(connection)
            assert not connection.usable


def test_connection_that_the_server_has_closed_is_not_open() -> None:
    with answering(OK) as url, connect(url) as connection:
        ask(connection)
        connection.sock.shutdown(socket.SHUT_WR)
        peer_end = connection.sock.recv(1)

        assert (peer_end, connection.is_open()) == (b"", False)


def test_tickets_of_tls_leave_the_connection_open(certified, monkeypatch) -> None:
    of_server, of_client = certified("localhost")
    monkeypatch.setattr(connections, "_tls_context", lambda: of_client)

    with answering(OK, OK, tls=of_server) as url, connect(url) as connection:
        while not connections.select.select([connection.sock], [], [], 1)[0]:
            """Wait for the tickets."""

        assert connection.is_open()
        assert (ask(connection), connection.is_open(), ask(connection)) == (b"{}", True, b"{}")


def test_certificate_of_another_root_is_refused(certified, monkeypatch) -> None:
    of_server, _ = certified("localhost")
    _, of_other_client = certified("localhost")
    monkeypatch.setattr(connections, "_tls_context", lambda: of_other_client)

    with answering(tls=of_server) as url, pytest.raises(ssl.SSLCertVerificationError):
        Connection(url, connect_s=5, read_s=5)
