"""A server that misbehaves: our client asks as often as botocore, and says the same."""

import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from jobs.kit.aws.call_policy import CallPolicy
from jobs.kit.aws.json_client import JsonClient
from tests.adapters.kit.json_calls import both_clients, in_lambda, outcome

type Step = bytes | Callable[[socket.socket], None]

RESET = struct.pack("ii", 1, 0)
ITEM = {"PK": {"S": "x"}}


class Server(ThreadingTCPServer):
    """Takes one step for each request, and repeats the last one."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.steps: list[Step] = []
        self.bodies: list[bytes] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def begin(self, *steps: Step) -> None:
        self.steps, self.bodies, self.connections = [*steps], [], 0


class Connection(BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        self.server.connections += 1
        with suppress(OSError):
            while body := self.read_request():
                self.server.bodies.append(body)
                steps = self.server.steps
                step = steps.pop(0) if len(steps) > 1 else steps[0]
                if not isinstance(step, bytes):
                    step(self.request)
                    break
                self.request.sendall(step)
                if b"connection: close" in step:
                    break

    def read_request(self) -> bytes:
        raw = b""
        while b"\r\n\r\n" not in raw:
            if not (chunk := self.request.recv(65536)):
                return b""
            raw += chunk
        head, _, body = raw.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += self.request.recv(65536)
        return body


def answer(status: int, body: Any, **headers: Any) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"content-type": "application/x-amz-json-1.0", **headers, "content-length": len(raw)}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + raw


def error(code: str, **details: Any) -> bytes:
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "m", **details}
    return answer(500 if code == "InternalServerError" else 400, body)


def drop(connection: socket.socket) -> None:
    """Close it without an answer."""


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def send_half(connection: socket.socket) -> None:
    connection.sendall(answer(200, {"a": "b" * 999})[:300])


def hang(connection: socket.socket) -> None:
    threading.Event().wait(1)


OK = answer(200, {})
RIGHT = {"Attributes": ITEM}
REASONS = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": ITEM}]
CASES: dict[str, list[Step]] = {
    "answer": [answer(200, RIGHT)],
    "empty answer": [answer(200, b"")],
    "right checksum": [answer(200, RIGHT, x_amz_crc32=zlib.crc32(json.dumps(RIGHT).encode()))],
    "wrong checksum": [answer(200, RIGHT, x_amz_crc32=1), OK],
    "condition failed": [error("ConditionalCheckFailedException", Item=ITEM)],
    "transaction failed": [error("TransactionCanceledException", CancellationReasons=REASONS)],
    **{
        code: [error(code), OK]
        for code in (
            "ThrottlingException", "ProvisionedThroughputExceededException", "SlowDown",
            "RequestLimitExceeded", "ReplicatedWriteConflictException", "RequestTimeout",
            "TransactionInProgressException", "LimitExceededException", "ValidationException",
            "TransactionConflictException", "AccessDeniedException", "ExpiredTokenException",
            "InvalidSignatureException", "UnrecognizedClientException", "KMSThrottlingException",
            "InternalServerError",
        )
    },
    "throttled for good": [error("ThrottlingException")],
    "failing for good": [error("InternalServerError")],
    "503 with a page": [answer(503, b"<html>busy</html>"), OK],
    "502 without a body": [answer(502, b""), OK],
    "504 for good": [answer(504, b"gateway")],
    "429 of no code": [answer(429, b"{}"), OK],
    "413": [answer(413, b"too large")],
    "no type": [answer(400, {"message": "m"})],
    "type with an address": [answer(400, {"__type": "FooError:http://internal/", "Message": "M"})],
    "dropped": [drop, OK], "dropped for good": [drop], "reset": [reset, OK],
    "hangs": [hang, OK],
    "says when": [answer(503, b"{}", x_amz_retry_after=20), OK],
    "closes after": [answer(200, {}, connection="close")],
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield served
        served.shutdown()


@pytest.fixture(autouse=True)
def _quick(monkeypatch) -> None:
    """Let both clients wait for no retry, and for no answer for long."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setattr("tests.adapters.kit.json_calls.POLICY", CallPolicy(read_s=0.5))


@pytest.fixture
def client(server) -> Iterator[JsonClient]:
    with in_lambda(AWS_ENDPOINT_URL=server.url), closing(JsonClient("dynamodb")) as made:
        yield made


@pytest.mark.parametrize("steps", CASES.values(), ids=CASES)
def test_fault_is_handled_as_by_botocore(server, steps) -> None:
    seen = []
    with in_lambda(), both_clients("dynamodb", server.url) as clients:
        for client in clients:
            server.begin(*steps)
            told = outcome(client, "put_item", TableName="t", Item=ITEM)
            seen.append((told, server.bodies))

    assert seen[0] == seen[1]


def test_garbage_with_200_is_a_lost_answer(server, client) -> None:
    """botocore takes it as `{}`, so that a read finds nothing."""
    server.begin(answer(200, b"not json"))

    with pytest.raises(ConnectionClosedError):
        client.get_item(TableName="t", Key=ITEM)

    assert len(server.bodies) == 3


def test_half_an_answer_is_a_lost_one(server, client) -> None:
    """botocore takes it as `{}`, too."""
    server.begin(send_half, answer(200, RIGHT))

    assert client.get_item(TableName="t", Key=ITEM) == RIGHT


def test_error_that_is_no_object_has_its_status_as_code(server, client) -> None:
    server.begin(answer(400, []))

    assert outcome(client, "get_item", TableName="t", Key=ITEM)["Error"]["Code"] == "400"


def test_older_code_of_sqs_is_botocores(server) -> None:
    queue_error = "AWS.SimpleQueueService.NonExistentQueue;Sender"
    step = answer(400, {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "m"},
                  x_amzn_query_error=queue_error)  # fmt: skip
    server.begin(step)

    with in_lambda(), both_clients("sqs", server.url) as clients:
        theirs, ours = (
            outcome(client, "send_message", QueueUrl=server.url, MessageBody="b")
            for client in clients
        )

    assert ours["Error"] == theirs["Error"]


def test_connection_is_reused_until_the_server_closes_it(server, client) -> None:
    server.begin(OK, OK, answer(200, {}, connection="close"), OK)

    for _ in range(4):
        client.get_item(TableName="t", Key=ITEM)

    assert server.connections == 2


def test_connection_opened_ahead_serves_the_first_call(server, client) -> None:
    server.begin(OK)

    client.connect()
    client.get_item(TableName="t", Key=ITEM)

    assert server.connections == 1


def test_connection_closed_before_the_first_call_is_replaced(server, client) -> None:
    server.begin(OK)
    client.connect()
    [idle] = client._idle  # noqa: SLF001 - to close it
    idle.sock.shutdown(socket.SHUT_WR)  # the server closes its side, too
    assert idle.sock.recv(1) == b""

    client.get_item(TableName="t", Key=ITEM)

    assert (server.connections, len(server.bodies)) == (2, 1)


def test_exhausted_quota_ends_retries(server, client) -> None:
    calls = 20
    for _ in range(calls):
        server.begin(error("InternalServerError"))
        outcome(client, "get_item", TableName="t", Key=ITEM)

    assert len(server.bodies) == 1


def test_exception_is_found_by_its_name(server, client) -> None:
    server.begin(error("ConditionalCheckFailedException", Item=ITEM))

    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as raised:
        client.put_item(TableName="t", Item=ITEM)

    assert raised.value.response["Item"] == ITEM
    assert not isinstance(raised.value, client.exceptions.ResourceNotFoundException)


def test_pages_are_read_to_the_end(server, client) -> None:
    server.begin(answer(200, {"Items": [1], "LastEvaluatedKey": ITEM}), answer(200, {"Items": [2]}))

    pages = client.get_paginator("query").paginate(TableName="t")
    items = [item for page in pages for item in page["Items"]]

    assert items == [1, 2]
    assert json.loads(server.bodies[1])["ExclusiveStartKey"] == ITEM
