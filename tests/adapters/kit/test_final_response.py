"""Informational answers (1xx) before the final one, which clients must skip."""

import socket
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from urllib3.exceptions import ProtocolError

from jobs.kit.outbound import final_response
from jobs.kit.outbound.final_response import connection_pools
from jobs.webhooks.adapters.sender import WebhookSender
from jobs.webhooks.errors import NotDeliveredError
from tests.adapters.upstream import reply, running, with_early_answers

HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"


@pytest.fixture
def upstream() -> Iterator[Any]:
    with running() as server:
        yield server


@pytest.mark.parametrize("early", [
    HINTS, b"HTTP/1.1 102 Processing\r\n\r\n" * 30, b"HTTP/1.1 100 Continue\r\n\r\n" + HINTS,
    HINTS + b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 199 Own\r\nA: b\r\n\r\n",
], ids=["hints", "processing", "continue, hints", "hints, continue", "unknown"])  # fmt: skip
def test_informational_answers_are_skipped(upstream, early) -> None:
    upstream.then(with_early_answers(early, reply({"a": 1}, 201, X_Own="yes")))

    response = connection_pools().request("POST", upstream.url, body=b"{}")

    assert (response.status, response.json()) == (201, {"a": 1})
    assert response.headers["X-Own"] == "yes"
    assert "Link" not in response.headers


def test_second_answer_on_one_connection_is_read() -> None:
    """Bytes of an informational answer must not be left over for the next request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_serve_twice, args=[listener], daemon=True).start()
        pools = connection_pools()

        for number in (1, 2):
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/{number}"
            assert pools.request("GET", url).data == b"%d" % number


def _serve_twice(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        for number in (b"1", b"2"):
            connection.recv(65536)
            connection.sendall(HINTS + b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + number)


@pytest.mark.parametrize("early", [HINTS, HINTS * 101], ids=["nothing after", "endless"])
def test_informational_answers_alone_are_an_error(upstream, early) -> None:
    upstream.then(with_early_answers(early, lambda handler: None))

    with pytest.raises((ProtocolError, HTTPException)):
        connection_pools().request("GET", upstream.url)


def test_webhook_with_early_hints_has_final_status(upstream) -> None:
    upstream.then(with_early_answers(HINTS, reply({})))

    assert WebhookSender(loopback=True).send(upstream.url, {}, b"{}") == 200


def test_webhook_with_informational_answers_alone_is_not_delivered(upstream) -> None:
    upstream.then(with_early_answers(HINTS, lambda handler: None))

    with pytest.raises(NotDeliveredError):
        WebhookSender(loopback=True).send(upstream.url, {}, b"{}")


def test_all_clients_of_other_peers_use_these_pools() -> None:
    sources = Path(final_response.__file__).parents[2].rglob("*.py")

    assert [each.name for each in sources if "urllib3.PoolManager(" in each.read_text()] == [
        "final_response.py"
    ]
