"""Local ports refuse the requests of foreign web pages."""

import asyncio
from typing import Any

import pytest

from local.cloud.web_app import create_app
from local.kit.foreign_pages import find_foreign_host, find_refusal, refuse_foreign_pages

FOREIGN = [
    ("Host", "sortie.evil.example:8080"), ("Host", "127.0.0.1.evil.example"),
    ("Host", "0.0.0.0:8080"), ("Host", "8.8.8.8"), ("Host", "me@localhost"), ("Host", ""),
    ("Host", "localhost,evil.example"), ("HOST", "notlocalhost"), ("Host", "[::"),
    ("Origin", "https://evil.example"), ("origin", "http://localhost.evil.example"),
    ("Origin", "null"), ("Origin", "http://192.168.1.1"), ("Origin", "http://localhost@evil.test"),
    ("Sec-Fetch-Site", "cross-site"),
]  # fmt: skip
LOCAL = [
    ("Host", "127.0.0.1:8080"), ("Host", "localhost"), ("Host", "LOCALHOST:1"), ("Host", "[::1]"),
    ("Host", "api.execute-api.localhost:80"), ("Host", "host.docker.internal:80"),
    ("Host", "172.17.0.1:40000"), ("Origin", "http://localhost:3000"),
    ("Origin", "http://127.0.0.1:8080"), ("Sec-Fetch-Site", "none"),
    ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Site", "same-origin"), ("X-Other", "evil.example"),
]  # fmt: skip


@pytest.mark.parametrize("header", FOREIGN, ids="=".join)
def test_request_of_foreign_page_is_refused(header) -> None:
    assert find_refusal([("Host", "127.0.0.1:8080"), header])


@pytest.mark.parametrize("header", LOCAL, ids="=".join)
def test_request_of_local_page_or_program_is_accepted(header) -> None:
    assert find_refusal([header]) is None


def test_foreign_origin_at_local_host_is_no_foreign_host() -> None:
    headers = [("Host", "127.0.0.1:8080"), ("Origin", "https://evil.example")]

    assert find_foreign_host(headers) is None
    assert find_foreign_host([("Host", "evil.example")])


async def accept(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "accepted"})


@pytest.fixture
def call() -> Any:
    """Call a guarded ASGI app that accepts everything; return the messages it sends."""

    def call(kind: str, name: bytes, value: bytes) -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": kind, "headers": [(name, value)]}
        asyncio.run(refuse_foreign_pages(accept)(scope, send, send))
        return sent

    return call


def test_guarded_app_refuses_foreign_page(call) -> None:
    head, _ = call("http", b"origin", b"https://evil.example")

    assert head["status"] == 403
    assert not any(b"access-control" in name for name, _ in head["headers"])
    assert call("websocket", b"host", b"evil.example") == [
        {"type": "websocket.close", "code": 1008}
    ]


def test_guarded_app_serves_local_program(call) -> None:
    assert call("http", b"host", b"127.0.0.1:4566") == [{"type": "accepted"}]


def test_web_function_refuses_foreign_page(monkeypatch) -> None:
    monkeypatch.setenv("WEB_APP", f"{__name__}:accept")
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    for host in (b"127.0.0.1", b"evil.example"):
        scope = {"type": "http", "headers": [(b"host", host)]}
        asyncio.run(create_app()(scope, send, send))

    assert [each.get("status", each["type"]) for each in sent[:2]] == ["accepted", 403]
