"""A peer's own short message."""

import json

import pytest

from jobs.kit.peer_message import peer_message


@pytest.mark.parametrize(("body", "message"), [
    ({"error": {"message": "Slow down", "code": "rate_limit"}}, "rate_limit: Slow down"),
    ({"error": "No"}, "No"), ({"message": "No"}, "No"), ({"detail": "No"}, "No"),
    ([{"error": {"code": 400, "message": "No"}}], "400: No"),
    ({"detail": [{"loc": ["body", "user"], "msg": "Extra inputs"}]}, "body.user: Extra inputs"),
    ({"message": {"detail": [{"loc": ["body", "user"], "msg": "Extra"}]}}, "body.user: Extra"),
    ({"errors": [{"title": "Bad", "detail": "No"}]}, "Bad: No"),
    ({"error": {"message": "Provider error", "metadata": {"raw": "busy"}}}, "Provider error: busy"),
    ("<html><style>b{}</style><h1>502</h1>\n<p>Bad Gateway</p></html>", "502 Bad Gateway"),
    ("plain\n\twords\x07", "plain words"), ("", ""), ({}, ""), ("x" * 400, "x" * 300 + "…"),
    ("[" * 5000, "[" * 300 + "…"),
    ({"error": {"error": {"error": {"error": {"error": {"error": "x"}}}}}}, ""),
])  # fmt: skip
def test_message_is_found_in_body(body, message) -> None:
    text = body if isinstance(body, str) else json.dumps(body)

    assert peer_message(text) == message


@pytest.mark.parametrize("secret", [
    "my-own-key", "sk-abcdef123", "sk-proj-a_b-c12", "ghp_abcdef1234", "AIzaSyA1234567",
    "gsk_abcdef12", "Bearer abcdefghijk", "eyJhbGciOiJIUzI1NiJ9.e30.x",
])  # fmt: skip
def test_secrets_are_not_in_message(secret) -> None:
    assert peer_message(f"The key {secret} is wrong", "my-own-key", None) == "The key … is wrong"


def test_credentials_in_urls_are_not_in_message() -> None:
    told = "See https://user:pass@example.com/a?key=x and https://example.com/b"

    assert peer_message(told) == "See https://…example.com/a… and https://example.com/b"
