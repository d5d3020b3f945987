import base64

import pytest

from jobs.kit.http import MAX_BODY_BYTES, BadRequestError, Request, TooLargeError


def request(body: str | None = None, *, encoded: bool = False, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request({"headers": named, "body": body, "isBase64Encoded": encoded})


@pytest.mark.parametrize("kind", [
    "application/json", "Application/JSON", "application/json; charset=utf-8",
    " application/json ", "application/vnd.idi-fly.api-v3+json",
])  # fmt: skip
def test_a_json_body_is_parsed_whatever_kind_of_json_it_says_it_is(kind) -> None:
    assert request('{"a": 1}', Content_Type=kind).json() == {"a": 1}


def test_a_body_that_does_not_say_what_it_is_is_taken_for_json() -> None:
    assert request("[]").json() == []


@pytest.mark.parametrize("kind", [
    "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json",
])  # fmt: skip
def test_any_other_kind_of_body_is_refused(kind) -> None:
    with pytest.raises(BadRequestError, match="Content-Type"):
        request("{}", content_type=kind).json()


def test_a_body_that_arrives_in_base64_is_decoded() -> None:
    body = base64.b64encode('{"a": "é"}'.encode()).decode()

    assert request(body, encoded=True).json() == {"a": "é"}


@pytest.mark.parametrize("body", ["%%%", base64.b64encode(b'{"a": "\xff"}').decode()])
def test_a_body_that_is_no_text_is_refused(body) -> None:
    with pytest.raises(BadRequestError, match="valid JSON"):
        request(body, encoded=True).json()


@pytest.mark.parametrize("body", [None, "", "{"])
def test_a_missing_or_broken_body_is_refused(body) -> None:
    with pytest.raises(BadRequestError, match="valid JSON"):
        request(body).json()


def test_a_body_may_be_as_large_as_the_limit_and_no_larger() -> None:
    assert request('"' + "é" * (MAX_BODY_BYTES // 2 - 1) + '"').json()
    with pytest.raises(TooLargeError):
        request('"' + "é" * (MAX_BODY_BYTES // 2) + '"').json()


@pytest.mark.parametrize("key", ["k", "ключ 7", "x" * 255])
def test_any_printable_idempotency_key_will_do(key) -> None:
    assert request(Idempotency_Key=key).idempotency_key() == key


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "a\x00"])
def test_no_other_idempotency_key_will(key) -> None:
    with pytest.raises(BadRequestError, match="Idempotency-Key"):
        request(idempotency_key=key).idempotency_key()


@pytest.mark.parametrize(("prefer", "seconds"), [
    ("wait=10", 10), ("respond-async, wait=7", 7), ('Wait = "3"', 3), ("wait=99", 25),
    ("wait=5; foo=bar", 5), ("wait=0", 0),
    ("", None), ("wait", None), ("wait=ten", None), ("wait=-1", None), ("await=3", None),
    ("wait=1.5", None), ("return=minimal", None),
])  # fmt: skip
def test_a_preferred_wait_is_understood_or_ignored(prefer, seconds) -> None:
    assert request(Prefer=prefer).wait(at_most=25) == seconds
