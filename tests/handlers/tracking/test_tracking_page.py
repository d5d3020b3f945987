"""The page behind a share's URL."""

import re

from tests.handlers.tracking.conftest import CODE


def test_page_contains_websocket_address(invoke) -> None:
    answer = invoke("missions/get_tracking_page")

    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert answer["body"].startswith("<!doctype html>")
    assert "wss://ws.example/dev" in answer["body"]
    assert "{{" not in answer["body"]


def test_page_policy_allows_only_own_script_and_api(invoke) -> None:
    answer = invoke("missions/get_tracking_page")

    policy = answer["headers"]["Content-Security-Policy"]
    [nonce] = set(re.findall("nonce-([^']+)'", policy))
    assert policy.startswith("default-src 'none';")
    assert "connect-src 'self' wss://ws.example;" in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert "unsafe" not in policy
    tags = re.findall(r"<(?:script|style)[^>]*>", answer["body"])
    assert tags
    assert all(f'nonce="{nonce}"' in tag for tag in tags)
    assert not re.search(r"\son\w+=|\sstyle=|https?://", answer["body"])


def test_page_nonce_differs_between_responses(invoke) -> None:
    first, second = (
        invoke("missions/get_tracking_page")["headers"]["Content-Security-Policy"] for _ in "12"
    )

    assert first != second


def test_page_does_not_leak_code(invoke, log) -> None:
    answer = invoke("missions/get_tracking_page")

    assert CODE not in answer["body"]
    assert answer["headers"]["Referrer-Policy"] == "no-referrer"
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert CODE not in str(log())


def test_page_escapes_address(invoke, monkeypatch) -> None:
    monkeypatch.setenv("WEBSOCKET_URL", 'wss://ws.example/"><script>alert(1)</script>')

    assert "<script>alert" not in invoke("missions/get_tracking_page")["body"]
