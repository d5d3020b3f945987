"""The documentation agents' API: what its bodies may say."""

import json

import pytest

from jobs.docs.api.requests import Caller, parse_create_v1, parse_create_v2
from jobs.kit.http import BadRequestError

CALLER = Caller(tenant="acme", project="docs", idempotency_key="once")
HELLO = {"role": "user", "content": "Hello"}


def created(**fields):
    return parse_create_v1({"messages": [HELLO]} | fields, CALLER)


def test_the_shortest_body_says_all_that_is_needed() -> None:
    new = created()

    assert (new.tenant, new.project, new.idempotency_key) == ("acme", "docs", "once")
    assert (new.messages, new.model, new.branch, new.draft) == ([HELLO], "sonnet", None, False)


def test_a_full_body_is_taken_as_it_is() -> None:
    messages = [
        {"role": "system", "content": "Be brief"},
        HELLO,
        {"role": "assistant", "content": ""},
    ]

    new = created(messages=messages, branch="docs/žluť", model="opus", asDraft=True)

    assert (new.messages, new.model) == (messages, "opus")
    assert (new.branch, new.draft) == ("docs/žluť", True)


@pytest.mark.parametrize(("spelled", "meant"), [
    ("true", True), ("True", True), ("false", False), (False, False), (None, False),
])  # fmt: skip
def test_a_boolean_may_come_as_text(spelled, meant) -> None:
    assert created(asDraft=spelled).draft is meant


@pytest.mark.parametrize("fields", [
    {"branch": None}, {"branch": ""}, {"model": None}, {"surprise": {"a": 1}},
    {"messages": [{**HELLO, "id": 1, "parts": []}]}, {"asDraft": "false"},
])  # fmt: skip
def test_what_says_nothing_makes_no_difference(fields) -> None:
    assert created(**fields) == created()


def test_system_messages_alone_will_do() -> None:
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
def test_what_cannot_be_meant_is_refused_and_named(fields) -> None:
    [field] = fields

    with pytest.raises(BadRequestError, match=f"^{field}"):
        created(**fields)


@pytest.mark.parametrize("name", [
    "-x", "--upload-pack=touch x", "HEAD", "@", "refs/heads/main", "a..b", "a b", "a~1", "a^",
    "a:b", "a?", "a*", "a[", "a\\b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.", "a@{1}",
    "a\nb", "a\x7f", "\u202ea", "../../etc", "x" * 201, " ", "\ud800",
])  # fmt: skip
def test_hostile_branches_are_refused(name) -> None:
    with pytest.raises(BadRequestError, match=r"^branch"):
        created(branch=name)


@pytest.mark.parametrize("body", [None, [], "text", 5, True])
def test_a_body_is_an_object(body) -> None:
    for read in (parse_create_v1, parse_create_v2):
        with pytest.raises(BadRequestError, match="must be an object"):
            read(body, CALLER)


def test_a_prompt_is_a_users_message() -> None:
    new = parse_create_v2({"prompt": "Write", "model": "opus"}, CALLER)

    assert new.messages == [{"role": "user", "content": "Write"}]
    assert (new.api, new.model, new.branch) == (2, "sonnet", None)


@pytest.mark.parametrize("body", [
    {}, {"prompt": ""}, {"prompt": None}, {"prompt": ["a"]}, {"prompt": "x" * 200_000},
])  # fmt: skip
def test_a_prompt_says_something(body) -> None:
    with pytest.raises(BadRequestError, match=r"^prompt"):
        parse_create_v2(body, CALLER)


def test_requests_that_differ_have_other_hashes() -> None:
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


def test_the_largest_messages_fit() -> None:
    content = "x" * (200_000 - len(json.dumps([HELLO], separators=(",", ":"))) + len("Hello"))

    assert created(messages=[{"role": "user", "content": content}]).messages
