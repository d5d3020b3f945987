"""The emulator runs code for everybody who may call it: no foreign web page may."""

import http.client
from collections.abc import Iterator
from contextlib import closing

import pytest

from local.cloud.ministack import MiniStack

HEALTH = "/_ministack/health"  # without a signature


@pytest.fixture(scope="module")
def ministack(tmp_path_factory) -> Iterator[MiniStack]:
    with MiniStack(tmp_path_factory.mktemp("ministack"), "AuthorizeMqtt-") as started:
        started.wait()
        yield started


@pytest.fixture
def connection(ministack) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", ministack.port, timeout=10)) as opened:
        yield opened


@pytest.mark.parametrize("header", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
])  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_foreign_page_is_refused_by_the_emulator(connection, method, header) -> None:
    connection.request(method, HEALTH, headers=header)

    answer = connection.getresponse()
    assert answer.status == 403
    assert answer.read().endswith((b"or localhost\n", b"must not call this port\n"))
    assert answer.getheader("Access-Control-Allow-Origin") is None


def test_local_program_may_call_the_emulator(connection) -> None:
    connection.request("GET", HEALTH)

    assert connection.getresponse().status == 200
