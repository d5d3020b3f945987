"""Parsing of requests to the documentation agents' API."""

import json

import pytest

from jobs.docs.api.requests import Caller, parse_create_v1, parse_create_v2
from jobs.kit.http import BadRequestError

CALLER = Caller(tenant="acme", project="docs", idempotency_key="once")
HELLO = {"role": "user", "content": "Hello"}


def created(**fields):
    return parse_create_v1({"messages": [HELLO]} | fields, CALLER)


def test_minimal_body_gets_defaults() -> None:
    new = created()

    assert (new.tenant, new.project, new.idempotency_key) == ("acme", "docs", "once")
    assert (new.messages, new.model, new.branch, new.draft) == ([HELLO], "sonnet", None, False)


def test_full_body_is_parsed() -> None:
    messages = [
        {"role": "system", "content": "Be brief"},
        HELLO,
        {"role": "assistant", "content": ""},
    ]

    new = created(messages=messages, branch="docs/žluť", model="opus", asDraft=True)

    assert (new.messages, new.model) == (messages, "opus")
    assert (new.branch, new.draft) == ("docs/žluť", True)


@pytest.mark.parametrize(("value", "expected"), [
    ("true", True), ("True", True), ("false", False), (False, False), (None, False),
])  # fmt: skip
def test_boolean_as_string_is_accepted(value, expected) -> None:
    assert created(asDraft=value).draft is expected


@pytest.mark.parametrize("fields", [
    {"branch": None}, {"branch": ""}, {"model": None}, {"surprise": {"a": 1}},
    {"messages": [{**HELLO, "id": 1, "parts": []}]}, {"asDraft": "false"},
])  # fmt: skip
def test_null_and_unknown_fields_are_ignored(fields) -> None:
    assert created(**fields) == created()


def test_body_with_only_system_messages_is_accepted() -> None:
    assert created(messages=[{"role": "system", "content": "Write"}]).messages


@pytest.mark.parametrize("fields", [
    {"messages": None}, {"messages": []}, {"messages": "Hello"}, {"messages": [HELLO] * 201},
    {"messages": ["Hello"]}, {"messages": [{"role": "user"}]}, {"messages": [{"content": "x"}]},
    {"messages": [{"role": "tool", "content": "x"}]},
    {"messages": [{"role": "user", "content": 1}]},
    {"messages": [{"role": "user", "content": None}]},
    {"messages": [{"role": "user", "content": "x" * 200_000}]},
    {"messages": [{"role": "user", "content": "\x01" * 40_000}]},
    {"asDraft": "yes"}, {"asDraft": 1}, {"asDraft": []},
    {"model": "haiku"}, {"model": 1}, {"model": ""},
    {"branch": 1}, {"branch": ["a"]},
])  # fmt: skip
def test_body_invalid_is_refused_with_field(fields) -> None:
    [field] = fields

    with pytest.raises(BadRequestError, match=f"^{field}"):
        created(**fields)


@pytest.mark.parametrize("name", [
    "-x", "--upload-pack=touch x", "HEAD", "@", "refs/heads/main", "a..b", "a b", "a~1", "a^",
    "a:b", "a?", "a*", "a[", "a\\b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.", "a@{1}",
    "a\nb", "a\x7f", "\u202ea", "../../etc", "x" * 201, " ", "\ud800",
])  # fmt: skip
def test_branch_hostile_is_refused(name) -> None:
    with pytest.raises(BadRequestError, match=r"^branch"):
        created(branch=name)


@pytest.mark.parametrize("body", [None, [], "text", 5, True])
def test_body_not_object_is_refused(body) -> None:
    for read in (parse_create_v1, parse_create_v2):
        with pytest.raises(BadRequestError, match="must be an object"):
            read(body, CALLER)


def test_prompt_becomes_user_message() -> None:
    new = parse_create_v2({"prompt": "Write", "model": "opus"}, CALLER)

    assert new.messages == [{"role": "user", "content": "Write"}]
    assert (new.api, new.model, new.branch) == (2, "sonnet", None)


@pytest.mark.parametrize("body", [
    {}, {"prompt": ""}, {"prompt": None}, {"prompt": ["a"]}, {"prompt": "x" * 200_000},
])  # fmt: skip
def test_prompt_empty_or_missing_is_refused(body) -> None:
    with pytest.raises(BadRequestError, match=r"^prompt"):
        parse_create_v2(body, CALLER)


def test_request_hash_differs_between_requests() -> None:
    other = Caller(tenant="acme", project="other", idempotency_key="once")
    body = {"messages": [HELLO]}

    hashes = {
        parse_create_v1(body, CALLER).request_hash,
        parse_create_v1(body, other).request_hash,
        parse_create_v2({"prompt": "Hello"}, CALLER).request_hash,
        *(
            created(**{field: value}).request_hash
            for field, value in (("branch", "b"), ("asDraft", True), ("model", "opus"))
        ),
    }

    assert len(hashes) == 6


def test_largest_messages_are_accepted() -> None:
    content = "x" * (200_000 - len(json.dumps([HELLO], separators=(",", ":"))) + len("Hello"))

    assert created(messages=[{"role": "user", "content": content}]).messages


# ── useChat ─────────────────────────────────────────────────────────────────────

CHAT = {
    "id": "Yj2kLm9", "trigger": "submit-message", "messageId": None,
    "messages": [
        {"id": "1", "role": "user", "metadata": {}, "parts": [
            {"type": "text", "text": "Write"}, {"type": "data-note", "data": 1},
        ]},
        {"id": "2", "role": "assistant", "parts": [
            {"type": "step-start"}, {"type": "reasoning", "text": "Hm"},
            {"type": "text", "text": "One.", "state": "done"},
            {"type": "tool-write_file", "toolCallId": "c", "state": "output-available"},
            {"type": "file", "url": "data:,x", "mediaType": "text/plain"},
            {"type": "text", "text": "Two."},
        ]},
        {"id": "3", "role": "assistant", "parts": [{"type": "dynamic-tool"}]},
        {"id": "4", "role": "user", "parts": [{"type": "text", "text": "More"}]},
    ],
}  # fmt: skip


def test_chat_of_use_chat_is_read_as_text() -> None:
    new = parse_create_v1(CHAT | {"branch": "guides", "model": "opus"}, CALLER)

    assert new.messages == [
        {"role": "user", "content": "Write"},
        {"role": "assistant", "content": "One.\n\nTwo."},
        {"role": "user", "content": "More"},
    ]
    assert (new.chat, new.branch, new.model) == ("Yj2kLm9", "guides", "opus")


@pytest.mark.parametrize("changes", [{"id": None}, {"trigger": "regenerate-message"}, {"more": 1}])
def test_chat_without_id_or_with_other_trigger_is_accepted(changes) -> None:
    assert parse_create_v1(CHAT | changes, CALLER).messages


def said(role: str, *parts: object) -> dict:
    return {"role": role, "parts": [*parts]}


@pytest.mark.parametrize(("message", "error"), [
    (said("user", {"type": "text", "text": "x"}, {"type": "file", "url": "data:,x"}),
     r"messages\.0\.parts\.1: Agents read no files"),
    (said("tool", {"type": "text", "text": "x"}), r"messages\.0\.role"),
    (said("user", {"text": "x"}), r"messages\.0\.parts\.0\.type"),
    (said("user", {"type": "text", "text": 5}), r"messages\.0\.parts\.0\.text"),
    (said("user", {"type": "text", "text": "x" * 200_000}), "at most 200000 bytes"),
    (said("assistant"), "Input should have text"),
    ({"role": "user", "parts": "x"}, r"messages\.0\.parts"),
])  # fmt: skip
def test_invalid_chat_is_refused(message, error) -> None:
    with pytest.raises(BadRequestError, match=error):
        parse_create_v1({"id": "c", "messages": [message]}, CALLER)


def test_chat_of_ai_sdk_4_keeps_its_text_and_its_branch() -> None:
    message = HELLO | {"id": "1", "parts": [{"type": "text", "text": "Hello"}]}

    assert created(id="Yj2kLm9", messages=[message]) == created()
