"""The page to chat with agents."""

import re

from jobs.messaging.api.page import chat_page


def test_page_is_whole_and_asks_no_other_host(invoke) -> None:
    answer = invoke("messaging/get_chat_page")

    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert answer["body"].startswith("<!doctype html>")
    assert "{{" not in answer["body"]
    assert not re.search(r"""(?:src|href)="(?!data:)|url\(|@import""", answer["body"])


def test_page_policy_allows_only_own_script_and_no_markup(invoke) -> None:
    answer = invoke("messaging/get_chat_page")

    policy = answer["headers"]["Content-Security-Policy"]
    [nonce] = set(re.findall("nonce-([^']+)'", policy))
    assert policy.startswith("default-src 'none';")
    assert "connect-src 'self';" in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert "unsafe" not in policy
    assert nonce not in chat_page().text
    tags = re.findall(r"<(?:script|style)[^>]*>", answer["body"])
    assert tags == [f'<style nonce="{nonce}">', f'<script type="module" nonce="{nonce}">']
    assert not re.search(r"\son\w+=\"|\sstyle=", answer["body"])


def test_page_leaves_no_trace_of_its_address(invoke) -> None:
    headers = invoke("messaging/get_chat_page")["headers"]

    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
